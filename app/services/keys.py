"""Keys of the API: made, listed, revoked, and told from others."""

import time
from collections.abc import Callable
from typing import Final

from app.config import Settings
from app.db import keys
from app.db.engine import Database
from app.db.keys import BadKeyError
from app.db.models import ApiKeyRow
from app.keys import EXAMPLE, Caller, Scope, digest_of, id_of, new_key
from app.schemas.keys import KeyState, KeyView

FRESH_SECONDS: Final = 3.0
"""A key that was valid is taken for valid for so long: a revoked one works no longer than that."""


class UnusableKeyError(ValueError):
    """The key that the settings give is none."""


def create(database: Database, name: str, scope: Scope, seconds: float | None) -> tuple[str, str]:
    """Make a key that expires after some seconds, or never. Returns the key, and its id.

    The key itself is kept nowhere.
    """
    key = new_key()
    with database.write() as session:
        return key, keys.add(session, key, name, scope, seconds).id


def newest(database: Database) -> list[KeyView]:
    """All keys, the newest first."""
    with database.read() as session:
        return [
            KeyView(
                id=row.id,
                name=row.name,
                scope=row.scope,
                state=_state(row, is_expired),
                created_at=row.created_at,
                expires_at=row.expires_at,
                revoked_at=row.revoked_at,
            )
            for row, is_expired in keys.newest(session)
        ]


def _state(row: ApiKeyRow, is_expired: bool) -> KeyState:
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if is_expired else "valid"


def revoke(database: Database, id_: str) -> None:
    """Make a key invalid, for good.

    Raises
    ------
    app.db.errors.NotFoundError
        There is no such key.
    """
    with database.write() as session:
        keys.revoke(session, id_)


def is_any_valid(database: Database, settings: Settings) -> bool:
    """Whether there is a key that a server with these settings takes.

    Raises
    ------
    UnusableKeyError
        The settings give a key that is none.
    """
    if key_given(settings) is not None:
        return True
    with database.read() as session:
        return keys.is_any_valid(session)


def key_given(settings: Settings) -> str | None:
    """The key that the settings give, or the file that they name.

    Raises
    ------
    UnusableKeyError
        It cannot be read, or does not look like a key.
    """
    file, key = settings.bootstrap_key_file, settings.bootstrap_key
    if file is None and (key is None or not key.get_secret_value()):
        return None
    name = "ISOBUDGET_BOOTSTRAP_KEY" if file is None else "ISOBUDGET_BOOTSTRAP_KEY_FILE"
    try:
        text = file.read_text("ascii").strip() if file else key.get_secret_value() if key else ""
    except (OSError, UnicodeError) as failed:
        raise UnusableKeyError(f"{name}: {file} cannot be read: {failed}") from failed
    if id_of(text) is None:
        raise UnusableKeyError(f"{name} holds no key; write {EXAMPLE}")
    return text


class Keyring:
    """Tells whose key a request came with.

    Keys are found by their hash in memory, so that time does not tell how near a guess was. Only
    valid keys are remembered: there are never more than the database holds.
    """

    def __init__(
        self, database: Database, given: str | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._given = {} if given is None else {digest_of(given): _caller(given)}
        self._clock = clock
        self._known: dict[str, tuple[Caller, float]] = {}

    def remembered(self, key: str) -> Caller | None:
        """Whose key this is, if it was valid a moment ago."""
        digest = digest_of(key)
        if given := self._given.get(digest):
            return given
        caller, until = self._known.get(digest, (None, 0.0))
        return caller if self._clock() < until else None

    def was_valid(self, key: str) -> bool:
        """Whether this key was valid at some time, so that its sender does not guess."""
        return digest_of(key) in self._known

    def look_up(self, key: str) -> Caller:
        """Whose key this is, by the database.

        Raises
        ------
        app.db.keys.BadKeyError
            It is not valid.
        """
        if id_of(key) is None:
            raise BadKeyError(f"this is not a key of this service; keys look like {EXAMPLE}")
        try:
            with self._database.read() as session:
                caller = keys.caller(session, key)
        except BadKeyError:
            self._known.pop(digest_of(key), None)
            raise
        self._known[digest_of(key)] = caller, self._clock() + FRESH_SECONDS
        return caller


def _caller(given: str) -> Caller:
    return Caller(id_of(given) or "", "write")
