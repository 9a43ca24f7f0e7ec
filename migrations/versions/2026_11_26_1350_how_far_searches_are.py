"""how far searches are.

A search says how far it is while it runs, and how many clients want it.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "7c3e51aa0b92"
down_revision: str | None = "a3c61f0d8e57"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    for column in (
        sa.Column("wanted", sa.Integer(), nullable=True),
        sa.Column("best", sa.Double(), nullable=True),
        sa.Column("bound", sa.Double(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
    ):
        op.add_column("searches", column)
    op.execute("UPDATE searches SET wanted = 1")
    with op.batch_alter_table("searches", schema=None) as batch_op:
        batch_op.alter_column("wanted", existing_type=sa.Integer(), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("searches", schema=None) as batch_op:
        for name in ("started_at", "bound", "best", "wanted"):
            batch_op.drop_column(name)
