"""priorities, late writes, and an index to count by.

More urgent runs are claimed first. Refused writes are counted.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "e4a90c51d736"
down_revision: str | None = "c7d2e40b85f1"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

QUEUED = sa.text("state = 'queued'")
AGE = ("created_at", "position", "id")


def upgrade() -> None:
    for table, column in (("jobs", "priority"), ("runs", "nice")):
        op.add_column(table, sa.Column(column, sa.Integer(), nullable=True))
        op.execute(f"UPDATE {table} SET {column} = 0")
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column(column, existing_type=sa.Integer(), nullable=False)
    _index("nice", *AGE)
    op.create_index("ix_runs_progress", "runs", ["id", "state", "failure", "epochs_done"])
    op.create_table(
        "late_writes",
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("writes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "attempt", name=op.f("pk_late_writes")),
    )


def downgrade() -> None:
    op.drop_table("late_writes")
    op.drop_index("ix_runs_progress", "runs")
    _index(*AGE)
    for table, column in (("runs", "nice"), ("jobs", "priority")):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column(column)


def _index(*turn: str) -> None:
    """Rebuild the queue's indexes, in the order in which runs take their turns."""
    for name, columns in (
        ("ix_runs_queued", [*turn, "stack", "target_epochs"]),
        ("ix_runs_stacks", ["stack", "target_epochs", *turn]),
    ):
        op.drop_index(name, "runs", postgresql_where=QUEUED, sqlite_where=QUEUED)
        op.create_index(name, "runs", columns, postgresql_where=QUEUED, sqlite_where=QUEUED)
