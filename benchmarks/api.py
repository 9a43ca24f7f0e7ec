"""``python -m benchmarks.api``: how fast the API answers, beside a bare FastAPI ``hello``.

Both are real servers in processes of their own. One client on one connection asks them in turns of
a tenth of a second (``benchmarks/load.py``), so that what else the machine does meets both. A ratio
is the median of the API's answers a second over that of the yardstick's.

Each figure is a function of its own in ``MEASURES``.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks import api_reading, api_searches
from benchmarks.databases import sqlite
from benchmarks.load import load
from benchmarks.servers import Server, api, hello
from benchmarks.timing import report
from benchmarks.windows import FULL, QUICK, Size, rate_ratio

GOALS: Final = {
    "healthz": "at least 0.75",
    **api_reading.GOALS,
    **api_searches.GOALS,
    "ready_s": "at most 2",
    "idle_mib": "at most 150",
}
"""Goal of each figure."""


def health_ratio(size: Size) -> dict[str, float]:
    """Return what all that every request goes through leaves of the yardstick's rate."""
    with (
        sqlite() as store,
        closing(store.empty()) as database,
        api(database) as ours,
        hello() as yardstick,
        load() as client,
    ):
        ratio = rate_ratio(client, ours.target("/healthz"), yardstick.target("/hello"), size)
    return {"healthz": ratio}


def start(size: Size) -> dict[str, float]:
    """Return how long the server takes to be ready, and its memory then: medians of starts."""
    seconds, memory = [], []
    with sqlite() as store, closing(store.empty()) as database:
        for _ in range(size.starts):
            with api(database) as server:
                seconds.append(server.ready_seconds)
                memory.append(resident_mib(server))
    return {"ready_s": median(seconds), "idle_mib": median(memory)}


def resident_mib(server: Server) -> float:
    """Return the memory of a server's process, without its solvers."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    (resident,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return int(resident) / 1024


def searching(size: Size) -> Mapping[str, float]:
    """Return what a search costs beyond its solve, and how fast answers are beside busy cores."""
    return api_searches.measure(size is QUICK)


MEASURES: Final[Sequence[Callable[[Size], Mapping[str, float]]]] = (
    health_ratio,
    api_reading.one_variant,
    api_reading.many_variants,
    searching,
    start,
)


def measure(quick: bool) -> dict[str, float]:
    """Return all figures by name."""
    size = QUICK if quick else FULL
    return {name: value for part in MEASURES for name, value in part(size).items()}


def main() -> None:
    """Print the figures."""
    report("The API, beside a bare FastAPI hello", measure, GOALS)


if __name__ == "__main__":
    main()
