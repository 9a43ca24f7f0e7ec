"""secrets.

The secret under which cursors are signed is made once, and shared by all servers on the database.
"""

import secrets
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "8c3e5a17f6d2"
down_revision: str | None = "7d3a51e08c92"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    made = op.create_table(
        "secrets",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secrets")),
    )
    op.bulk_insert(made, [{"name": "signatures", "value": secrets.token_bytes(32)}])


def downgrade() -> None:
    op.drop_table("secrets")
