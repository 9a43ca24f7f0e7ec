"""Which host names the API answers to.

A page of another site can have its name resolve to this machine, and then read what it asks for
(DNS rebinding). Its requests name that site in ``Host``, and are refused.
"""

import re
from collections.abc import Iterable
from typing import Final

HOST: Final = re.compile(rb"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_.-]{1,253})(?::[0-9]{1,5})?")
LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")
REMEMBERED: Final = 256
"""Spellings of the header that are known to be allowed; more are looked at each time."""


class Hosts:
    """Names that are allowed: ``*`` for all, ``*.example.org`` for all below ``example.org``.

    Loopback names are always allowed, and so is the address at which a request arrived.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        lower = {name.lower() for name in (*LOOPBACK, *names)}
        self._all = "*" in lower
        self._names = frozenset(_bracketed(name) for name in lower)
        self._endings = tuple(name[1:] for name in lower if name.startswith("*."))
        self._known: set[bytes] = set()

    def has(self, host: bytes) -> bool:
        """Return whether exactly this header was allowed before."""
        return host in self._known

    def name_in(self, host: bytes) -> str | None:
        """Return the name in a ``Host`` header, without its port; nothing if it is malformed."""
        found = HOST.fullmatch(host)
        return found[1].decode("ascii").lower().removesuffix(".") if found else None

    def allow(self, host: bytes, name: str, server: tuple[str, int | None] | None) -> bool:
        """Return whether the name in the header is allowed at this address of the server."""
        if self._all or name in self._names or name.endswith(self._endings):
            if len(self._known) < REMEMBERED:
                self._known.add(host)
            return True
        return server is not None and name == _bracketed(server[0])


def _bracketed(name: str) -> str:
    """Return a name as it stands in the header: IPv6 addresses have brackets there."""
    return f"[{name}]" if ":" in name and not name.startswith("[") else name
