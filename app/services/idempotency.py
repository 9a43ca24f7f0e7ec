"""A ``POST`` with an ``Idempotency-Key`` makes its resource only once."""

from collections.abc import Callable
from typing import Any

from app.db import idempotency
from app.db.engine import Session
from app.db.idempotency import OwnedKey
from app.experiments.catalogue import content_id


def once(
    session: Session,
    route: str,
    key: OwnedKey | None,
    body: Any,
    make: Callable[[Session], str],
) -> str:
    """Id of the resource that ``make`` makes, or that it made for this key before.

    Two requests with one key at the same time both get here; the second cannot store the key, and
    its transaction is begun again (:meth:`app.db.engine.Database.transact`).

    Raises
    ------
    app.db.idempotency.KeyReusedError
        The key came with another body before.
    """
    if key is None:
        return make(session)
    body_hash = content_id(body)
    if known := idempotency.recall(session, route, key, body_hash):
        return known
    id_ = make(session)
    idempotency.remember(session, route, key, body_hash, id_)
    return id_
