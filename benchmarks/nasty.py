"""Requests as nasty as the schema admits: ``python -m benchmarks.nasty``.

Each request is solved in a child process with 1 GiB, as in the service. ``overrun_seconds`` is the
largest excess over the time limit; a child that takes 1.8 s more than its limit is killed.
"""

import time
from collections.abc import Iterator
from itertools import product
from typing import Any, Final, get_args

from benchmarks.timing import report
from solver.problem import EnumeratedObjective, SolveRequest
from solver.processes.process import SolverFailedError, SolverProcess, SolverTimeoutError

TIME_LIMIT: Final = 1.0
MEMORY_MB: Final = 1024
GOALS: Final = {"overrun_seconds": "at most 2", "failed": "0", "killed": "0"}

_WINDOW: Final = ("kernel_size", "stride", "dilation", "pool_kernel_size", "pool_stride")
_PADDING: Final = ("padding", "pool_padding")
RANGES: Final = {
    "everything": {
        "resolution": [1, 4096],
        **{name: [1, 4096] for name in _WINDOW},
        **{name: [0, 4096] for name in _PADDING},
    },
    "much": {
        "resolution": [225, 1000],
        **{name: [1, 20] for name in _WINDOW},
        **{name: [0, 20] for name in _PADDING},
    },
}


def _network(resolution: int, channels: int, *layers: dict[str, Any]) -> dict[str, Any]:
    image = {"channels": channels, "resolution": resolution}
    return {"input": image, "layers": list(layers)}


def _conv(filters: int, kernel: int, **more: Any) -> dict[str, Any]:
    return {"type": "conv2d", "out_channels": filters, "kernel_size": kernel, **more}


_FLATTEN: Final = {"type": "flatten"}
_HEAD: Final = (
    _FLATTEN,
    {"type": "linear", "out_features": 100},
    {"type": "linear", "out_features": 10},
)
_BLOCK: Final = (_conv(8, 3, padding=1), {"type": "batch_norm2d"}, {"type": "relu"})
LARGE: Final = _network(224, 3, _conv(64, 3, padding=1), _conv(64, 3, padding=1), *_HEAD)
DEEP: Final = _network(32, 3, *_BLOCK * 80, *_HEAD)
BROAD: Final = _network(
    64, 1, _conv(1, 1), _conv(1, 1), _FLATTEN,
    {"type": "linear", "out_features": 10**6}, {"type": "linear", "out_features": 2},
)  # fmt: skip
NARROW: Final = {"kernel_size": [1, 3], "stride": [4000, 4096], "out_features": [1, 1]}


def corpus() -> Iterator[tuple[str, SolveRequest]]:
    """Yield the requests by name."""
    approaches, budgets = ("I", "II", "III", "IV"), ("params", "flops", "both")
    for (name, ranges), approach, budget in product(RANGES.items(), approaches, budgets):
        asked = {"approach": approach, "budget": budget, "ranges": ranges}
        for tolerance in (0.0, 1.0):
            yield _asked(f"{name}, ±{tolerance:.0%}", tolerance=tolerance, **asked)
        yield _asked(f"{name}, covered", tolerance=0.5, min_coverage=1.0, **asked)
        yield _asked(f"{name}, deep", architecture=DEEP, tolerance=0.5, **asked)
        yield _asked(f"{name}, broad", architecture=BROAD, tolerance=1.0, **asked)
        bounds = {**ranges, **NARROW}
        yield _asked(f"{name}, narrow", min_coverage=1.0, **{**asked, "ranges": bounds})
    for (name, ranges), best, diverse in product(
        RANGES.items(), get_args(EnumeratedObjective), (False, True)
    ):
        find = {"best": best, "top": 1_000, "diverse": diverse}
        yield _asked(f"{name}, {find}", ranges=ranges, tolerance=0.5, find=find)


def _asked(name: str, **asked: Any) -> tuple[str, SolveRequest]:
    body = {
        "architecture": LARGE,
        "approach": "IV",
        "budget": "params",
        "time_limit": TIME_LIMIT,
        "limit": 1_000_000,
        **asked,
    }
    request = SolveRequest.model_validate(body)
    return f"{request.problem.approach} {request.problem.budget}, {name}", request


def measure(quick: bool) -> dict[str, float]:
    """Return how the requests ended, and the longest overrun."""
    requests = dict(corpus())
    names = list(requests)[:: 8 if quick else 1]
    overruns, failed, killed = [], 0, 0
    for name in names:
        with SolverProcess(MEMORY_MB) as process:
            process.wait_until_ready()
            started = time.perf_counter()
            try:
                process.solve(requests[name])
            except SolverTimeoutError:
                killed += 1
            except SolverFailedError:
                failed += 1
        overruns.append(time.perf_counter() - started - TIME_LIMIT)
    return {
        "requests": float(len(names)),
        "overrun_seconds": max(overruns),
        "failed": float(failed),
        "killed": float(killed),
    }


if __name__ == "__main__":
    report("Requests as nasty as the schema admits", measure, GOALS)
