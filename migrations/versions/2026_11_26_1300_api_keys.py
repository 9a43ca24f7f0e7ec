"""API keys, and idempotency keys that belong to one of them.

Idempotency keys that are there already were sent without an API key: their owner is empty.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "7d3a51e08c92"
down_revision: str | None = "5b1f7c9e2d40"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLE = "idempotency_keys"
PRIMARY = "pk_idempotency_keys"


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("scope", sa.String(length=8), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("scope IN ('read', 'write')", name=op.f("ck_api_keys_scope")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
    )
    op.add_column(TABLE, sa.Column("owner", sa.String(length=16), nullable=True))
    op.execute(f"UPDATE {TABLE} SET owner = ''")
    with op.batch_alter_table(TABLE, schema=None) as batch_op:
        batch_op.alter_column("owner", existing_type=sa.String(length=16), nullable=False)
        batch_op.drop_constraint(PRIMARY, type_="primary")
        batch_op.create_primary_key(PRIMARY, ["owner", "route", "key"])


def downgrade() -> None:
    op.execute(f"DELETE FROM {TABLE} WHERE owner <> ''")
    with op.batch_alter_table(TABLE, schema=None) as batch_op:
        batch_op.drop_constraint(PRIMARY, type_="primary")
        batch_op.create_primary_key(PRIMARY, ["route", "key"])
        batch_op.drop_column("owner")
    op.drop_table("api_keys")
