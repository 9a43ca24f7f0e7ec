"""Refusals of the service, in words that say where the fault is and what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from solver.network.slips import shown


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


class UnsupportedError(RuntimeError):
    """A request that needs what is not installed here (501); the message says what."""


def pointer(place: Sequence[str | int]) -> str:
    """JSON pointer, as a URI fragment, to a place in the body (RFC 6901, section 6).

    Keys that are no names are not repeated (:func:`solver.network.slips.shown`).
    """
    return "#" + "".join(f"/{shown(str(part))}" for part in place[:MOST_LEVELS])


MOST_LEVELS: Final = 10
"""Levels that a pointer shows; no document of ours has more."""


def printable(text: str) -> str:
    """Escape halves of surrogate pairs, which no encoding of Unicode may hold."""
    return text.encode("utf-8", "backslashreplace").decode()


REFUSED: Final = 3
"""The exit code of a process that refuses what it was given; its last line says why."""


def last_line(text: str) -> str:
    """The line in which a process says why it failed."""
    return (text.strip().splitlines() or ["it gave no reason"])[-1]
