"""searches of studies.

Lists leave out what only studies have asked for. Of the searches that are there already, these are
taken to be those that a study refers to and that are younger than it.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "c52e8d1b9f06"
down_revision: str | None = "a81f0c64e7d3"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INDEX = "ix_searches_by_study_created_at_id"


def upgrade() -> None:
    op.add_column("searches", sa.Column("by_study", sa.Boolean(), nullable=True))
    op.execute(
        "UPDATE searches SET by_study = EXISTS (SELECT 1 FROM study_searches"
        " JOIN studies ON studies.id = study_searches.study_id"
        " WHERE study_searches.search_id = searches.id"
        " AND studies.created_at <= searches.created_at)"
    )
    with op.batch_alter_table("searches", schema=None) as batch_op:
        batch_op.alter_column("by_study", existing_type=sa.Boolean(), nullable=False)
    op.create_index(INDEX, "searches", ["by_study", "created_at", "id"])


def downgrade() -> None:
    op.drop_index(INDEX, "searches")
    with op.batch_alter_table("searches", schema=None) as batch_op:
        batch_op.drop_column("by_study")
