"""What engines report about a solve."""

from typing import NamedTuple


class Report(NamedTuple):
    """CP-SAT's statistics of a solve; ``wall_time`` is in seconds."""

    status: str
    wall_time: float
    branches: int
    conflicts: int
