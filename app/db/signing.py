"""Signatures under what clients hand back: whoever lacks the database's secret cannot make them.

The secret is stored in the database, so that all servers on it accept each other's signatures, also
after they were started again.
"""

import hashlib
import hmac
import secrets
from typing import Final
from weakref import WeakKeyDictionary

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.engine import Database, database_of
from app.db.models import SecretRow
from app.db.statements import insert_new

NAME: Final = "signatures"
SECRET_BYTES: Final = 32
SIGNATURE_BYTES: Final = 16
_KNOWN: Final[WeakKeyDictionary[Database, bytes]] = WeakKeyDictionary()


def signature(session: Session, content: bytes) -> bytes:
    """The signature of a content (HMAC-SHA-256, RFC 2104, its first half)."""
    database = database_of(session)
    if database not in _KNOWN:
        _KNOWN[database] = _stored(session) or _made(database)
    return hmac.digest(_KNOWN[database], content, hashlib.sha256)[:SIGNATURE_BYTES]


def is_signed(session: Session, content: bytes, given: bytes) -> bool:
    """Whether a signature is that of a content."""
    return hmac.compare_digest(signature(session, content), given)


def _stored(session: Session) -> bytes | None:
    return session.scalar(select(SecretRow.value).where(SecretRow.name == NAME))


def _made(database: Database) -> bytes:
    """Make the secret, unless another process has made it meanwhile.

    Migrations make it, too; a database lacks it only if somebody emptied its tables.
    """
    with database.write() as session:
        row = {"name": NAME, "value": secrets.token_bytes(SECRET_BYTES)}
        insert_new(session, SecretRow, [row])
        return session.scalars(select(SecretRow.value).where(SecretRow.name == NAME)).one()
