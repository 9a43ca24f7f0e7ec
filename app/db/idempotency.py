"""Idempotency keys: a repeated ``POST`` makes nothing new."""

from typing import NamedTuple

from sqlalchemy.orm import Session

from app.db.models import IdempotencyRow


class OwnedKey(NamedTuple):
    """A key that a client made up, and the id of the API key that it came with (empty: none)."""

    owner: str
    key: str


class KeyReusedError(ValueError):
    """A key came again with another body."""


def recall(session: Session, route: str, given: OwnedKey, body_hash: str) -> str | None:
    """Id of the resource that the first request with this key made; ``None`` if there was none.

    Raises
    ------
    KeyReusedError
        The first request had another body.
    """
    row = session.get(IdempotencyRow, (given.owner, route, given.key))
    if row is None:
        return None
    if row.body_hash != body_hash:
        raise KeyReusedError("this key was used before, with another body")
    return row.resource_id


def remember(
    session: Session, route: str, given: OwnedKey, body_hash: str, resource_id: str
) -> None:
    """Store the id of the resource under the key, in the transaction that made the resource."""
    row = IdempotencyRow(
        **given._asdict(), route=route, body_hash=body_hash, resource_id=resource_id
    )
    session.add(row)
    session.flush()
