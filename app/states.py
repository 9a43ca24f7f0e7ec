"""The states that searches, jobs and runs go through."""

from typing import Final, Literal, TypeAlias, get_args

State: TypeAlias = Literal["queued", "running", "succeeded", "failed", "cancelled"]
"""Of a search or a job."""
RunState: TypeAlias = Literal["queued", "running", "paused", "succeeded", "failed", "cancelled"]
"""A paused run was trained as far as it is wanted, and can be trained further."""

STATES: Final[tuple[State, ...]] = get_args(State)
RUN_STATES: Final[tuple[RunState, ...]] = (*STATES, "paused")
OPEN: Final = ("queued", "running")
"""States of what has not ended, but for runs that are paused."""
FINAL: Final = ("succeeded", "failed", "cancelled")
"""States of what has ended; no other follows."""
