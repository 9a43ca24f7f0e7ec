"""Keys of the API: what they look like, and what they allow."""

import hashlib
import re
import secrets
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

Scope: TypeAlias = Literal["read", "write"]
"""What a key allows: to read, or to do everything."""
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""The methods that the scope ``read`` allows."""

PATTERN: Final = re.compile(r"isb_([0-9a-f]{16})_[0-9a-f]{64}", re.ASCII)
"""A prefix that scanners for secrets can find, the public id, and 256 random bits."""
EXAMPLE: Final = "isb_<16 hexadecimal digits>_<64 hexadecimal digits>"


class Caller(NamedTuple):
    """Whose key a request came with, and what it allows."""

    key_id: str
    scope: Scope

    def may(self, method: str) -> bool:
        """Whether the key allows a method of HTTP."""
        return self.scope == "write" or method in READING


def new_key() -> str:
    """A new key."""
    return f"isb_{secrets.token_hex(8)}_{secrets.token_hex(32)}"


def id_of(key: str) -> str | None:
    """The public id of a key; ``None`` if the text is no key."""
    found = PATTERN.fullmatch(key)
    return found[1] if found else None


def digest_of(key: str) -> str:
    """The hash that is stored of a key.

    A fast hash is enough, since nobody can try all values of 256 random bits.
    """
    return hashlib.sha256(key.encode()).hexdigest()
