"""Why a request is refused by its head alone: its address, its framing, its kind of body."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from starlette.types import Scope

from app.api.hosts import Hosts

MAX_BODY_BYTES: Final = 1 << 20
WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
"""Methods whose body is read."""
API: Final = "/v1/"
FORM: Final = b"x-www-form-urlencoded"
CLOSE: Final = MappingProxyType({"Connection": "close"})

Head = Mapping[bytes, bytes]
"""Headers by their lower-case names; of several with one name, the last."""


class Refusal(NamedTuple):
    """An answer that is given instead of the application's."""

    status: int
    detail: str
    headers: Mapping[str, str] = MappingProxyType({})


TOO_LARGE: Final = Refusal(413, f"a body has at most {MAX_BODY_BYTES:,} bytes", CLOSE)
NOT_JSON: Final = Refusal(
    415,
    "a body is JSON here; send it with Content-Type: application/json",
    {"Accept": "application/json"},
)
NOT_UTF_8: Final = Refusal(
    415, "a body is UTF-8 here; leave charset out", {"Accept": "application/json; charset=utf-8"}
)
ENCODED: Final = Refusal(
    415,
    "a body is not compressed here; leave Content-Encoding out",
    {"Accept-Encoding": "identity"},
)
NO_HOST: Final = Refusal(400, "the Host header is not a host name or an address", CLOSE)
FOREIGN_HOST: Final = Refusal(
    421,
    "this server does not answer to the host name in the Host header; "
    "its operator may add it to ISOBUDGET_ALLOWED_HOSTS",
)


def refusal_of(scope: Scope, head: Head, hosts: Hosts) -> Refusal | None:
    """Return why the request is refused, or nothing if the application may have it.

    A server that does not want the connection puts its own ``refusal`` into the state of the scope.
    """
    state = scope.get("state")
    if state and "refusal" in state:
        refused: Refusal = state["refusal"]
        return refused
    host = head.get(b"host")  # only HTTP/1.0 comes without a host
    if host is not None and not hosts.has(host):
        refusal = _host_refusal(scope, host, hosts)
        if refusal is not None:
            return refusal
    return _body_refusal(scope, head) if has_body(head) else None


def _host_refusal(scope: Scope, host: bytes, hosts: Hosts) -> Refusal | None:
    name = hosts.name_in(host)
    if name is None:
        return NO_HOST
    return None if hosts.allow(host, name, scope.get("server")) else FOREIGN_HOST


def _body_refusal(scope: Scope, head: Head) -> Refusal | None:
    if int(head.get(b"content-length", 0)) > MAX_BODY_BYTES:
        return TOO_LARGE
    if scope["method"] not in WITH_BODY:
        return None
    if _all(scope, b"content-encoding", lambda value: value.strip().lower() == b"identity"):
        return _type_refusal(scope)
    return ENCODED


def has_body(head: Head) -> bool:
    """Return whether a body follows the head."""
    return head.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in head


def _type_refusal(scope: Scope) -> Refusal | None:
    given = [value for name, value in scope["headers"] if name == b"content-type"]
    if len(given) != 1:
        return NOT_JSON
    media_type, *parameters = given[0].lower().split(b";")
    kind, _, subtype = media_type.strip().partition(b"/")
    is_json = subtype == b"json" or subtype.endswith(b"+json")
    if kind != b"application" or not (is_json or (subtype == FORM and _is_page(scope))):
        return NOT_JSON
    charsets = [value for name, value in _pairs(parameters) if name == b"charset"]
    return None if all(charset in (b"utf-8", b"utf8") for charset in charsets) else NOT_UTF_8


def _is_page(scope: Scope) -> bool:
    """Whether forms may be sent here; the API takes none, so that no other site can call it."""
    path: str = scope["path"]
    return not path.startswith(API)


def _pairs(parameters: Iterable[bytes]) -> Iterable[tuple[bytes, bytes]]:
    for parameter in parameters:
        name, _, value = parameter.partition(b"=")
        yield name.strip(), value.strip().strip(b'"')


def _all(scope: Scope, name: bytes, holds: Callable[[bytes], bool]) -> bool:
    return all(holds(value) for header, value in scope["headers"] if header == name)
