"""Alembic's entry: runs migrations on the connection that :mod:`app.db.schema` hands over."""

from typing import Literal

import sqlalchemy as sa
from alembic import context
from sqlalchemy import Connection, create_engine

from app.config import settings
from app.db.models import Base
from app.db.types import AsSchema, UTCDateTime


def _render(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Render our types as plain SQLAlchemy ones, so that revisions do not depend on our code."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, sa.JSON | AsSchema):
        return "DOCUMENT"
    return False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=_render,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


connection = context.config.attributes.get("connection")
if connection is not None:
    _run(connection)
else:
    engine = create_engine(settings().database_url)
    with engine.connect() as own:
        _run(own)
