"""Networks and their names, as people look for them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from app.db import named_networks
from app.db.engine import Database
from app.db.named_networks import Network, Origin


@dataclass(frozen=True)
class NetworkPage:
    """Some networks, the newest first, and the cursor of the next page if there is one."""

    items: Sequence[Network]
    next: str | None


def newest(
    database: Database, cursor: str | None, limit: int, *, name: str | None, is_searched: bool
) -> NetworkPage:
    """A page of networks: :func:`app.db.named_networks.newest`, which raises the same."""
    with database.read() as session:
        return NetworkPage(
            *named_networks.newest(session, cursor, limit, name=name, is_searched=is_searched)
        )


def names(database: Database, ids: Collection[str]) -> Mapping[str, str | None]:
    """The names of networks by their ids."""
    with database.read() as session:
        return named_networks.names(session, ids)


def origins(database: Database, search_ids: Collection[str]) -> Mapping[str, Origin]:
    """What searches start from, by the searches' ids."""
    with database.read() as session:
        return named_networks.origins(session, search_ids)
