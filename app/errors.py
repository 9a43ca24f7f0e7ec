"""Refusals of the service, in words that say where the fault is and what to do."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a request: a JSON pointer to it (RFC 6901), and a sentence."""

    pointer: str
    detail: str


class RefusedError(ValueError):
    """A request that is well formed but cannot be carried out (422)."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(f"{fault.pointer}: {fault.detail}" for fault in faults))
        self.faults = faults


class ConflictError(RuntimeError):
    """A request that does not fit the current state of what it is about (409)."""


class BusyError(RuntimeError):
    """A request that there is no room for now; it may be sent again later (503)."""


def pointer(place: Sequence[str | int]) -> str:
    """JSON pointer, as a URI fragment, to a place in the body (RFC 6901, section 6)."""
    parts = [printable(str(part)).replace("~", "~0").replace("/", "~1") for part in place]
    return "#" + "".join("/" + part for part in parts)


def printable(text: str) -> str:
    """Escape halves of surrogate pairs, which no encoding of Unicode may hold."""
    return text.encode("utf-8", "backslashreplace").decode()
