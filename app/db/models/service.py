"""What the servers themselves keep: keys, repeated requests, secrets."""

from datetime import datetime

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.base import Base, Id, one_of
from app.db.types import database_time
from app.keys import SCOPES, Scope


class ApiKeyRow(Base):
    """A key of the API: its public id and a hash, from which the key cannot be found.

    ``digest`` is the SHA-256 of the whole key, in hexadecimal digits.
    """

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    scope: Mapped[Scope] = mapped_column(String(8))
    digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=database_time())
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint(one_of("scope", SCOPES), name="scope"),)


class IdempotencyRow(Base):
    """The resource that a ``POST`` with an ``Idempotency-Key`` made; a repetition makes none.

    ``owner`` is the id of the API key that it came with; it is empty without one.
    """

    __tablename__ = "idempotency_keys"

    owner: Mapped[str] = mapped_column(String(16), primary_key=True)
    route: Mapped[str] = mapped_column(String(100), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    body_hash: Mapped[str] = mapped_column(String(64))
    resource_id: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(default=database_time())


class SecretRow(Base):
    """A secret that all servers on this database share."""

    __tablename__ = "secrets"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[bytes]
