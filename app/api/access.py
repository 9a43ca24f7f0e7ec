"""Lets requests in: with a key, or without one where only this machine can ask.

Nothing is reached without passing here, whatever routes there are.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal, TypeAlias

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import problem, unavailable
from app.api.rates import Rates, Window, counter_of
from app.api.refusals import API
from app.db.errors import DatabaseError
from app.db.keys import BadKeyError
from app.keys import READING, Caller
from app.listening import is_loopback
from app.logs import about
from app.services.keys import Keyring

logger = logging.getLogger(__name__)

RequireKey: TypeAlias = Literal["auto", "always"]
OPEN_PATHS: Final = frozenset({"/healthz", "/readyz", "/sign-in"})
"""What needs no key and is not limited: health, for those who watch over it, and the way in."""
OPEN_FOLDER: Final = "/static/"
"""What the page for signing in loads; it holds nothing of users."""
KEY_COOKIE: Final = "isobudget_key"
"""Holds the key that a browser signed in with."""
REMEDY: Final = "send it as Authorization: Bearer KEY; isobudget keys create makes one"


class TurnedAwayError(Exception):
    """A request is not let in; holds the answer to it."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


Shown: TypeAlias = Callable[[Scope, Response], Response]
"""How a request that is turned away is answered, given a problem."""


class Doorkeeper:
    """Tells whose key somebody shows, unless they have shown too many wrong ones.

    The application's ``state.keyring`` knows the keys.
    """

    def __init__(self, failures: str) -> None:
        self._failures = Rates(failures)

    async def caller(self, key: str, scope: Scope) -> Caller:
        """Whose key this is.

        Raises
        ------
        TurnedAwayError
            It is not valid, or too many were not.
        """
        keyring: Keyring = scope["app"].state.keyring
        if caller := keyring.remembered(key):
            return caller
        address = address_of(scope)
        if not keyring.was_valid(key) and (window := self._failures.look(address)):
            _check(window)
        try:
            return await run_in_threadpool(keyring.look_up, key)
        except BadKeyError as bad:
            self._failures.take(address)
            raise TurnedAwayError(_unauthorized(str(bad), 'error="invalid_token"')) from bad
        except DatabaseError as failed:
            if cause := scope["app"].state.condition.note(failed):
                raise TurnedAwayError(unavailable(cause)) from failed
            raise


class Guarded:
    """Wraps an application: requests reach it with a valid key, and not too often.

    With ``auto``, requests of this machine to a loopback address need no key and are not limited.
    A browser sends its key as a cookie, which is enough to read, and to send the forms of pages:
    those are guarded by tokens.
    """

    def __init__(
        self,
        app: ASGIApp,
        require_key: RequireKey,
        limit: str,
        doorkeeper: Doorkeeper,
        shown: Shown = lambda _, answer: answer,
    ) -> None:
        self._app = app
        self._always = require_key == "always"
        self._rates = Rates(limit)
        self._doorkeeper = doorkeeper
        self._shown = shown

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it."""
        kind = scope["type"]
        if kind == "lifespan" or (kind == "http" and _is_open(scope["path"])):
            await self._app(scope, receive, send)
        elif kind != "http":  # there are no web sockets
            await send({"type": "websocket.close", "code": 1008})
        elif (key := _bearer(scope["headers"])) is None and self._is_open_to(scope):
            await self._app(scope, receive, send)
        else:
            await self._let_in(key or _from_cookie(scope), scope, receive, send)

    def _is_open_to(self, scope: Scope) -> bool:
        """Whether a request needs no key: both ends of its connection are on this machine."""
        client, server = scope.get("client"), scope.get("server")
        if self._always or not client or not server:
            return False
        return is_loopback(client[0]) and is_loopback(server[0])

    async def _let_in(self, key: str | None, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            caller = await self._caller(key, scope)
            window = self._rates.take(f"key/{caller.key_id}")
            _check(window)
            if not caller.may(scope["method"]):
                raise TurnedAwayError(_forbidden())
        except TurnedAwayError as turned_away:
            await self._shown(scope, turned_away.answer)(scope, receive, send)
            return
        scope.setdefault("state", {})["key_id"] = caller.key_id
        with about(key_id=caller.key_id):
            await self._app(scope, receive, _with(window.headers, send) if window else send)

    async def _caller(self, key: str | None, scope: Scope) -> Caller:
        """Whose key a request came with."""
        if key is None:
            _check(self._rates.take(address_of(scope)))
            raise TurnedAwayError(_unauthorized(f"this needs a key: {REMEDY}"))
        return await self._doorkeeper.caller(key, scope)


def _is_open(path: str) -> bool:
    return path in OPEN_PATHS or path.startswith(OPEN_FOLDER)


def address_of(scope: Scope) -> str:
    """What requests are counted by that come without a valid key."""
    return counter_of(scope["client"][0] if scope.get("client") else "")


def _check(window: Window | None) -> None:
    if window and window.is_over:
        raise TurnedAwayError(_too_many(window))


def key_id_of(scope: Scope) -> str:
    """The id of the key that a request came with; empty without one."""
    id_: str = scope.get("state", {}).get("key_id", "")
    return id_


def _bearer(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The key in the header ``Authorization`` (RFC 6750, section 2.1); ``None`` without one."""
    for name, value in headers:
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            return value[7:].strip().decode("latin-1") or None
    return None


def _from_cookie(scope: Scope) -> str | None:
    """The key that a browser signed in with, where a cookie is enough."""
    if scope["method"] not in READING and scope["path"].startswith(API):
        return None
    return HTTPConnection(scope).cookies.get(KEY_COOKIE)


def _with(headers: Mapping[str, str], send: Send) -> Send:
    async def send_on(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(headers)
        await send(message)

    return send_on


def _unauthorized(detail: str, *parameters: str) -> Response:
    challenge = ", ".join(('Bearer realm="isobudget"', *parameters))
    return problem(401, detail, headers={"WWW-Authenticate": challenge})


def _forbidden() -> Response:
    challenge = 'Bearer realm="isobudget", error="insufficient_scope", scope="write"'
    detail = "this key may only read; isobudget keys create --scope write makes one that may write"
    return problem(403, detail, headers={"WWW-Authenticate": challenge})


def _too_many(window: Window) -> Response:
    detail = f"more than {window.limit} requests in {window.window} s; try again later"
    return problem(429, detail, headers={"Retry-After": str(window.seconds), **window.headers})
