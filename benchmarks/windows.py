"""Rates of servers, measured in alternating windows."""

from statistics import median
from typing import Final, NamedTuple

from benchmarks.load import Load, Target


class Size(NamedTuple):
    """How often, for how long, and with how many variants stored."""

    windows: int
    window_seconds: float
    starts: int
    variants: int


FULL: Final = Size(windows=75, window_seconds=0.1, starts=5, variants=1_000_000)
QUICK: Final = Size(windows=20, window_seconds=0.1, starts=2, variants=110_000)


def rate_ratio(load: Load, ours: Target, yardstick: Target, size: Size) -> float:
    """Return the answers a second of a server over those of another, in alternating windows."""
    rates: dict[Target, list[float]] = {ours: [], yardstick: []}
    for _ in range(size.windows):
        for target, measured in rates.items():
            measured.append(load.rate(target, size.window_seconds))
    return median(rates[ours]) / median(rates[yardstick])
