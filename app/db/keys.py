"""Keys of the API in the database."""

import hmac
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import insert, literal, or_, select, update
from sqlalchemy.orm import Session

from app.db.errors import existing
from app.db.models import ApiKeyRow
from app.db.types import database_time
from app.keys import Caller, Scope, digest_of, id_of

NOBODYS_DIGEST: Final = "0" * 64
"""Compared where there is no such key, so that time does not tell whether there is one."""
IS_EXPIRED: Final = (ApiKeyRow.expires_at <= database_time()).label("is_expired")
ASKED: Final = (
    *(ApiKeyRow.id, ApiKeyRow.scope, ApiKeyRow.digest, ApiKeyRow.revoked_at),
    IS_EXPIRED,
)


class BadKeyError(PermissionError):
    """A key is not valid; the text says why, as far as its sender may know."""


class Lifetime(NamedTuple):
    """A key, and whether its time is over, by the database's clock."""

    row: ApiKeyRow
    is_expired: bool


def add(session: Session, key: str, name: str, scope: Scope, seconds: float | None) -> ApiKeyRow:
    """Store the hash of a key, which expires after some seconds, or never."""
    statement = insert(ApiKeyRow).values(
        id=id_of(key),
        name=name,
        scope=scope,
        digest=digest_of(key),
        expires_at=None if seconds is None else database_time(seconds),
    )
    return session.scalars(statement.returning(ApiKeyRow)).one()


def newest(session: Session) -> list[Lifetime]:
    """All keys, the newest first."""
    order = (ApiKeyRow.created_at.desc(), ApiKeyRow.id)
    found = session.execute(select(ApiKeyRow, IS_EXPIRED).order_by(*order))
    return [Lifetime(row, bool(is_expired)) for row, is_expired in found]


def revoke(session: Session, id_: str) -> datetime:
    """Make a key invalid. Returns when it was revoked, now or earlier.

    Raises
    ------
    app.db.errors.NotFoundError
        There is no such key.
    """
    unrevoked = update(ApiKeyRow).where(ApiKeyRow.id == id_, ApiKeyRow.revoked_at.is_(None))
    session.execute(unrevoked.values(revoked_at=database_time()))
    revoked_at = existing(session.get(ApiKeyRow, id_), "key").revoked_at
    assert revoked_at is not None
    return revoked_at


def is_any_valid(session: Session) -> bool:
    """Whether there is a key that is neither revoked nor expired."""
    lasts = or_(ApiKeyRow.expires_at.is_(None), ApiKeyRow.expires_at > database_time())
    valid = select(ApiKeyRow.id).where(ApiKeyRow.revoked_at.is_(None), lasts)
    return session.scalar(valid.limit(1)) is not None


def caller(session: Session, key: str) -> Caller:
    """Whose key this is.

    Raises
    ------
    BadKeyError
        It is not valid. Only its owner is told that it was revoked or has expired.
    """
    # There is a row in any case, so that looking for a key that nobody made takes as long.
    asked = select(literal(id_of(key)).label("id")).subquery()
    known = asked.outerjoin(ApiKeyRow, ApiKeyRow.id == asked.c.id)
    found = session.execute(select(*ASKED).select_from(known)).one()
    is_equal = hmac.compare_digest(found.digest or NOBODYS_DIGEST, digest_of(key))
    if not is_equal or found.id is None:
        raise BadKeyError("this key is not valid")
    if found.revoked_at is not None:
        raise BadKeyError("this key was revoked")
    if found.is_expired:
        raise BadKeyError("this key has expired")
    return Caller(found.id, found.scope)
