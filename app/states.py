"""The states that searches, jobs and runs go through."""

from typing import Final, Literal, TypeAlias, get_args

State: TypeAlias = Literal["queued", "running", "succeeded", "failed", "cancelled"]
"""The state of a search or a job."""
RunState: TypeAlias = Literal["queued", "running", "paused", "succeeded", "failed", "cancelled"]
"""The state of a run; a paused run has reached its target, and can be trained further."""

STATES: Final[tuple[State, ...]] = get_args(State)
RUN_STATES: Final[tuple[RunState, ...]] = (*STATES, "paused")
OPEN: Final = ("queued", "running")
"""States of searches, jobs and runs that have not ended; paused runs are not among them."""
FINAL: Final = ("succeeded", "failed", "cancelled")
"""States of searches, jobs and runs that have ended; no other state follows."""
