"""Why a database cannot do what it is asked: one list, whatever a driver calls it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


@dataclass(frozen=True)
class Cause:
    """A cause, in words that anybody may read.

    ``passes`` says that it may end by itself. ``blocks`` says that nothing can be read either,
    whatever is asked for.
    """

    name: str
    detail: str
    passes: bool = True
    blocks: bool = False


AWAY: Final = Cause("away", "the database does not answer")
BUSY: Final = Cause("busy", "the database is busy")
FULL: Final = Cause("full", "the disk of the database is full")
FAILING: Final = Cause("failing", "the disk of the database does not work")
READ_ONLY: Final = Cause("read_only", "the database can only be read now")
CLOSED: Final = Cause("closed", "the database cannot be opened, or does not permit this")
OUTDATED: Final = Cause(
    "outdated",
    "the database's schema is not current; run: isobudget migrate",
    passes=False,
    blocks=True,
)
NEWER: Final = Cause(
    "newer",
    "the database's schema is of a newer version; upgrade Isobudget, or take the schema back with "
    "that version: isobudget migrate --revision",
    passes=False,
    blocks=True,
)
INCOMPLETE: Final = Cause(
    "incomplete",
    "tables of the database are missing; put a backup back: isobudget restore",
    passes=False,
    blocks=True,
)
NONE: Final = Cause(
    "no_database",
    "what ISOBUDGET_DATABASE_URL names is no database, or it is damaged",
    passes=False,
    blocks=True,
)

SQLITE_CAUSES: Final[Mapping[int, Cause]] = {
    3: CLOSED,  # SQLITE_PERM
    5: BUSY,
    6: BUSY,  # SQLITE_LOCKED
    8: READ_ONLY,
    10: FAILING,  # SQLITE_IOERR
    11: NONE,  # SQLITE_CORRUPT
    13: FULL,
    14: CLOSED,  # SQLITE_CANTOPEN
    23: CLOSED,  # SQLITE_AUTH
    26: NONE,  # SQLITE_NOTADB
}
"""By SQLite's primary result codes."""
SQLITE_MISSING: Final = ("no such table", "no such column", "has no column named")
"""What SQLite says where the schema is another; its code says only that there is an error."""

POSTGRES_CAUSES: Final[Mapping[str, Cause]] = {
    "08": AWAY,
    "25006": READ_ONLY,
    "28": CLOSED,  # who we are
    "3D000": CLOSED,  # no such database
    "3F000": OUTDATED,  # no such schema
    "40001": BUSY,  # cannot be serialised
    "40P01": BUSY,  # a deadlock
    "42501": CLOSED,  # no privilege
    "42703": OUTDATED,  # no such column
    "42P01": OUTDATED,  # no such table
    "53100": FULL,
    "53": BUSY,  # out of memory, or of connections
    "55P03": BUSY,  # a lock
    "57014": BUSY,  # a time limit
    "57": AWAY,  # shut down, or starting
    "58": FAILING,
    "XX001": NONE,  # damaged data
    "XX002": NONE,
}
"""By PostgreSQL's codes of errors, or by the class of these: their first two characters."""


def cause_of(error: BaseException) -> Cause | None:
    """Why the database failed; ``None`` if the fault is not the database's."""
    if isinstance(error, PoolTimeoutError):
        return BUSY
    if isinstance(error, DisconnectionError):
        return AWAY
    if not isinstance(error, DBAPIError):
        return None
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return _of_sqlite(code, str(error.orig))
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return POSTGRES_CAUSES.get(state) or POSTGRES_CAUSES.get(state[:2])
    is_away = isinstance(error, OperationalError) or error.connection_invalidated
    return AWAY if is_away and not isinstance(error, ProgrammingError) else None


def _of_sqlite(code: int, message: str) -> Cause | None:
    if any(part in message for part in SQLITE_MISSING):
        return OUTDATED
    return SQLITE_CAUSES.get(code & 0xFF)


def may_be_of_url(error: BaseException) -> bool:
    """Whether the fault may lie in the URL, or in what it names."""
    return not isinstance(error, DBAPIError) or cause_of(error) in (AWAY, CLOSED, NONE)


def in_a_line(error: BaseException) -> str:
    """Return the driver's message in one line, without the statement."""
    said = error.orig if isinstance(error, DBAPIError) else error
    return " ".join(str(said).split())
