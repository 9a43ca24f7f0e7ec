"""Medians of runs, and how they are printed."""

import argparse
import gc
import json
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence


def medians(ways: Sequence[Callable[[], object]], runs: int) -> list[float]:
    """Return the median seconds of each way, of consecutive runs after one that does not count.

    The garbage collector is off meanwhile, as in :mod:`timeit`.
    """
    gc.disable()
    try:
        return [statistics.median([_seconds(way) for _ in range(runs + 1)][1:]) for way in ways]
    finally:
        gc.enable()


def _seconds(way: Callable[[], object]) -> float:
    started = time.perf_counter()
    way()
    return time.perf_counter() - started


def geometric_mean(ratios: Sequence[float]) -> float:
    """Return the geometric mean, the right one for ratios."""
    return math.exp(statistics.fmean(map(math.log, ratios)))


def report(
    title: str, measure: Callable[[bool], Mapping[str, float]], goals: Mapping[str, str]
) -> None:
    """Run a benchmark as the command line asks; print its figures and their goals."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--quick", action="store_true", help="fewer cases and runs")
    parser.add_argument("--json", action="store_true", help="one flat object of figures alone")
    asked = parser.parse_args()
    figures = {name: round(value, 3) for name, value in measure(asked.quick).items()}
    if asked.json:
        print(json.dumps(figures))
        return
    width = max(map(len, figures))
    for name, value in figures.items():
        print(f"{name:{width}}{value:>14,.2f}   {goals.get(name, '')}".rstrip())
