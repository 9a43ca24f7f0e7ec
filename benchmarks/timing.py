"""Medians of runs that take turns, and what they are printed as."""

import argparse
import gc
import json
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence


def medians(ways: Sequence[Callable[[], object]], runs: int) -> list[float]:
    """Seconds that each way takes: medians of runs in turn, after one that does not count.

    As in :mod:`timeit`, the garbage collector waits.
    """
    taken: list[list[float]] = [[] for _ in ways]
    gc.disable()
    for number in range(runs + 1):
        for way, seconds in zip(ways, taken, strict=True):
            started = time.perf_counter()
            way()
            if number:
                seconds.append(time.perf_counter() - started)
    gc.enable()
    return [statistics.median(seconds) for seconds in taken]


def geometric_mean(ratios: Sequence[float]) -> float:
    """The mean for ratios."""
    return math.exp(statistics.fmean(map(math.log, ratios)))


def report(
    title: str, measure: Callable[[bool], Mapping[str, float]], goals: Mapping[str, str]
) -> None:
    """Run a benchmark as the command line asks; print its figures, and what is aimed at."""
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
