"""the queue in its order.

The index of queued runs holds only their order; a search for a stack uses the other index.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "5b1f7c9e2d40"
down_revision: str | None = "e4a90c51d736"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

QUEUED = sa.text("state = 'queued'")
TURN = ("nice", "created_at", "position", "id")


def upgrade() -> None:
    _index(*TURN)


def downgrade() -> None:
    _index(*TURN, "stack", "target_epochs")


def _index(*columns: str) -> None:
    op.drop_index("ix_runs_queued", "runs", postgresql_where=QUEUED, sqlite_where=QUEUED)
    op.create_index(
        "ix_runs_queued", "runs", list(columns), postgresql_where=QUEUED, sqlite_where=QUEUED
    )
