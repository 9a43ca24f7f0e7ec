"""indexes of lists.

Filtered lists, the last runs and attempts of workers, and the runs of a network are
found without reading whole tables.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "a81f0c64e7d3"
down_revision: str | None = "3c9a7b52d1e8"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FILTERS = (
    ("searches", "architecture_id"),
    ("searches", "state"),
    ("searches", "approach"),
    ("searches", "budget"),
    ("jobs", "state"),
    ("studies", "state"),
)
FINISHED = sa.text("finished_at IS NOT NULL")


def upgrade() -> None:
    for table, column in FILTERS:
        name = f"ix_{table}_{column}_created_at_id"
        op.create_index(name, table, [column, "created_at", "id"])
    op.create_index("ix_runs_architecture_id", "runs", ["architecture_id"])
    op.create_index(
        "ix_runs_finished",
        "runs",
        ["finished_at", "worker", "state"],
        postgresql_where=FINISHED,
        sqlite_where=FINISHED,
    )
    op.create_index("ix_attempts_ended_at", "attempts", ["ended_at"])


def downgrade() -> None:
    op.drop_index("ix_attempts_ended_at", "attempts")
    op.drop_index("ix_runs_finished", "runs", postgresql_where=FINISHED, sqlite_where=FINISHED)
    op.drop_index("ix_runs_architecture_id", "runs")
    for table, column in FILTERS:
        op.drop_index(f"ix_{table}_{column}_created_at_id", table)
