"""warm starts.

A run may start with the final weights of another.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "e17b4f60a29d"
down_revision: str | None = "5d0e92c7b314"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INDEX = "ix_runs_starts_from"
KEY = "fk_runs_starts_from_runs"
WARM = sa.text("starts_from IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("starts_from", sa.String(40), nullable=True))
        batch_op.create_foreign_key(
            op.f(KEY), "runs", ["starts_from"], ["id"], deferrable=True, initially="DEFERRED"
        )
    op.create_index(INDEX, "runs", ["starts_from"], postgresql_where=WARM, sqlite_where=WARM)


def downgrade() -> None:
    # The older schema cannot say what they start from.
    op.execute(
        "UPDATE runs SET state = 'cancelled', finished_at = CURRENT_TIMESTAMP"
        " WHERE starts_from IS NOT NULL AND state IN ('queued', 'running', 'paused')"
    )
    op.drop_index(INDEX, "runs", postgresql_where=WARM, sqlite_where=WARM)
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_constraint(op.f(KEY), type_="foreignkey")
        batch_op.drop_column("starts_from")
