"""Headers that every answer has, so that browsers do with it only what it is meant for."""

from collections.abc import Iterable
from typing import Final

Headers = list[tuple[bytes, bytes]]

ALWAYS: Final[Headers] = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
]
POLICY: Final = (
    b"content-security-policy",
    b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
)
"""For what is no page: nothing in it is loaded or run. Pages bring their own."""
NOT_STORED: Final = (b"cache-control", b"no-store")
ASKED_AGAIN: Final = (b"cache-control", b"private, no-cache")
"""What has an ETag may be kept, if it is asked for again whether it is still true."""


ADDED_BY_SERVER: Final = "adds_protection"
"""In the state of the scope, where the server itself adds what every answer has."""


def protected(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Return headers of an answer with those that it lacks, but for what all answers have."""
    given = list(headers)
    names = {name for name, _ in given}
    if POLICY[0] not in names:
        given.append(POLICY)
    if b"cache-control" not in names:
        given.append(ASKED_AGAIN if b"etag" in names else NOT_STORED)
    return given
