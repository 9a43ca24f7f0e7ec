"""Headers that every answer has, so that browsers do with it only what it is meant for."""

from collections.abc import Collection
from functools import cache
from typing import Final

ALWAYS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
OPENER: Final = (b"cross-origin-opener-policy", b"same-origin")
"""Browsers do not show what has it and is sandboxed: such a page brings its own."""
POLICY: Final = (
    b"content-security-policy",
    b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
)
"""For what is no page: nothing in it is loaded or run. Pages bring their own."""
NOT_STORED: Final = (b"cache-control", b"no-store")
ASKED_AGAIN: Final = (b"cache-control", b"private, no-cache")
"""What has an ETag may be kept, if it is asked for again whether it is still true."""


ADDED_BY_SERVER: Final = "adds_protection"
"""In the state of the scope, where the server itself adds what is missing."""


def missing(names: Collection[bytes]) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers that are added to an answer which has headers of these names."""
    return _missing(
        OPENER[0] in names, POLICY[0] in names, b"cache-control" in names, b"etag" in names
    )


@cache
def _missing(
    has_opener: bool, has_policy: bool, has_cache_control: bool, has_tag: bool
) -> tuple[tuple[bytes, bytes], ...]:
    opener = () if has_opener else (OPENER,)
    policy = () if has_policy else (POLICY,)
    kept = () if has_cache_control else (ASKED_AGAIN if has_tag else NOT_STORED,)
    return (*ALWAYS, *opener, *policy, *kept)
