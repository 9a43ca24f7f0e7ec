"""found is a big integer.

A search finds up to 2^53 - 1 solutions, of which it keeps some.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "5d0f3a1c9b62"
down_revision: str | None = "c4ed644a0307"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MOST = 2**31 - 1
"""The largest integer of the older column."""


def upgrade() -> None:
    with op.batch_alter_table("searches", schema=None) as batch_op:
        batch_op.alter_column(
            "found", existing_type=sa.Integer(), type_=sa.BigInteger(), existing_nullable=False
        )


def downgrade() -> None:
    op.execute(f"UPDATE searches SET found = {MOST} WHERE found > {MOST}")
    with op.batch_alter_table("searches", schema=None) as batch_op:
        batch_op.alter_column(
            "found", existing_type=sa.BigInteger(), type_=sa.Integer(), existing_nullable=False
        )
