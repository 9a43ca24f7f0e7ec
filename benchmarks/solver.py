"""The solver against other ways to find every solution: ``python -m benchmarks.solver``.

Times run from a request to arrays of all solutions. All ways must give the same sets, which is
checked. Ratios above 1 mean that ours is faster, except ``limit_ratio_wide`` and ``network_ratio``,
which are our time over the other's. ``…_worst`` is the worst case, the others are geometric means.

``recount_ratio`` is the time of :func:`solver.answers.search.solve`, which recounts every solution
and its costs, over the time of finding them. Cases without a solution are left out, since ``solve``
explains them instead.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, Final, NamedTuple, get_args

import numpy as np

from benchmarks import storing
from benchmarks.rivals import Instance, Rows, dense, join
from benchmarks.timing import geometric_mean, medians, report
from solver.answers.search import find, solve
from solver.approaches import APPROACHES
from solver.constraints.budget import EqualBudget
from solver.engines.full.model import Model
from solver.problem import Best, EnumeratedObjective, Problem, Sample, Settings

ORIGINALS: Final = {
    14: (1, 18, 10),
    16: (3, 36, 20),
    32: (3, 72, 36),
    112: (3, 64, 64),
    224: (3, 64, 64),
}
"""By resolution: input channels, and filters of two 3×3 convolutions that keep the map."""
WIDE: Final = {
    "kernel_size": [3, 15], "padding": [0, 7], "stride": [1, 8],
    "pool_kernel_size": [2, 15], "pool_padding": [0, 7], "pool_stride": [1, 8],
}  # fmt: skip
GOALS: Final = {
    "memory_wide_mib": "at most 100",
    "dense_ratio_paper": "at least 5",
    "dense_ratio_paper_worst": "at least 0.5",
    "cpsat_ratio_paper": "at least 15",
    "recount_ratio": "at most 1.5",
    "dense_ratio_wide": "at least 30",
    "dense_ratio_wide_224": "at least 100",
    "limit_ratio_wide": "at most 2.5",
    "network_ratio": "at most 2",
    "sample_ratio": "more than 1",
    "best_ratio_worst": "more than 1",
    **storing.GOALS,
}
EVERYTHING: Final = Settings(limit=1_000_000, time_limit=600.0)


class Case(NamedTuple):
    """One problem."""

    resolution: int
    approach: str
    budget: str
    tolerance: float
    is_wide: bool = False
    scope: str = "paper"
    behind: tuple[dict[str, Any], ...] = ()

    @property
    def request(self) -> dict[str, Any]:
        """The request as a client sends it."""
        channels, *filters = ORIGINALS[self.resolution]
        convolutions = [
            {"type": "conv2d", "out_channels": n, "kernel_size": 3, "padding": 1, "bias": False}
            for n in filters
        ]
        wide = {"resolution": [self.resolution + 1, 4 * self.resolution], **WIDE}
        return {
            "architecture": {
                "input": {"channels": channels, "resolution": self.resolution},
                "layers": [*convolutions, *self.behind],
            },
            "approach": self.approach,
            "budget": self.budget,
            "scope": self.scope,
            "tolerance": self.tolerance,
            "ranges": wide if self.is_wide else {},
        }

    @property
    def instance(self) -> Instance:
        """The problem as the rivals take it."""
        problem = Problem.model_validate(self.request)
        constraints = APPROACHES[problem.approach].constraints(problem)
        (budget,) = (item for item in constraints if isinstance(item, EqualBudget))
        channels, first, second = ORIGINALS[self.resolution]
        side = self.resolution
        ranges = {name: bounds for name, bounds in problem.bounds if bounds is not None}
        return Instance(
            self.approach, self.budget, side, channels, first, 3, side, second, side,
            budget.band, ranges,
        )  # fmt: skip


def cases(resolutions: tuple[int, ...], is_wide: bool = False) -> Iterator[Case]:
    """Yield III and IV × parameters and FLOPs × three tolerances."""
    for case in product(resolutions, ("III", "IV"), ("params", "flops"), (0.0, 0.01, 0.05)):
        yield Case(*case, is_wide)


def ours(request: dict[str, Any]) -> Mapping[str, Rows]:
    """Find all solutions with the fast engine."""
    found, _ = find(Problem.model_validate(request))
    return found.all()


def checked(request: dict[str, Any]) -> object:
    """Find all solutions, and recount each of them."""
    return solve(Problem.model_validate(request), EVERYTHING)


def cp_sat(request: dict[str, Any]) -> Rows:
    """Find all solutions with CP-SAT: every equation over every unknown, tuned."""
    problem = Problem.model_validate(request)
    approach, model = APPROACHES[problem.approach], Model()
    for constraint in approach.constraints(problem):
        constraint.post(model)
    rows, _ = model.enumerate(approach.symbols, time_limit=600.0, most=10_000_000)
    return rows


def measure(quick: bool) -> dict[str, float]:
    """Return all figures by name."""
    runs = 3 if quick else 5
    figures = _memory() if sys.platform == "linux" else {}
    figures |= _paper(runs, (14, 32) if quick else tuple(ORIGINALS))
    figures |= _wide(runs, (14,) if quick else (14, 32, 224))
    figures |= _network(runs, (14, 32) if quick else tuple(ORIGINALS))
    return figures | _some_of_many(runs) | storing.measure(quick)


def _paper(runs: int, resolutions: tuple[int, ...]) -> dict[str, float]:
    to_dense, to_cp_sat, to_recount = [], [], []
    for case in cases(resolutions):
        request, instance = case.request, case.instance
        ways: list[Callable[[], object]] = [
            partial(ours, request), partial(dense, instance), partial(cp_sat, request),
            partial(checked, request),
        ]  # fmt: skip
        _hold(case, dense(instance), join(instance), cp_sat(request))
        found, by_dense, by_cp_sat, recounted = medians(ways, runs)
        to_dense.append(by_dense / found)
        to_cp_sat.append(by_cp_sat / found)
        if len(dense(instance)):
            to_recount.append(recounted / found)
    return {
        "dense_ratio_paper": geometric_mean(to_dense),
        "dense_ratio_paper_worst": min(to_dense),
        "cpsat_ratio_paper": geometric_mean(to_cp_sat),
        "cpsat_ratio_paper_worst": min(to_cp_sat),
        "recount_ratio": geometric_mean(to_recount),
    }


def _wide(runs: int, resolutions: tuple[int, ...]) -> dict[str, float]:
    to_dense, to_limit, at_224 = [], [], []
    for case in cases(resolutions, is_wide=True):
        request, instance = case.request, case.instance
        _hold(case, join(instance))
        found, limit = medians([partial(ours, request), partial(join, instance)], runs)
        (by_dense,) = medians([partial(dense, instance)], 1 if case.resolution > 14 else runs)
        to_dense.append(by_dense / found)
        to_limit.append(found / limit)
        if case.resolution == 224:
            at_224.append(by_dense / found)
    figures = {
        "dense_ratio_wide": geometric_mean(to_dense),
        "dense_ratio_wide_worst": min(to_dense),
        "limit_ratio_wide": geometric_mean(to_limit),
        "limit_ratio_wide_worst": max(to_limit),
    }
    return figures | ({"dense_ratio_wide_224": geometric_mean(at_224)} if at_224 else {})


def _network(runs: int, resolutions: tuple[int, ...]) -> dict[str, float]:
    """Compare scope ``network`` with ``paper``: exact budgets, with 0 and 20 layers behind."""
    convolution = {"type": "conv2d", "out_channels": 32, "kernel_size": 3, "padding": 1}
    block = (convolution, {"type": "batch_norm2d"}, {"type": "relu"})
    deep = (*block * 6, {"type": "flatten"}, {"type": "linear", "out_features": 10})
    ratios = []
    for behind in ((), deep):
        for case in cases(resolutions):
            if case.tolerance:
                continue
            pair = [case._replace(scope=it, behind=behind) for it in ("network", "paper")]
            network, paper = medians([partial(ours, it.request) for it in pair], runs)
            ratios.append(network / paper)
    return {"network_ratio": geometric_mean(ratios), "network_ratio_worst": max(ratios)}


def _some_of_many(runs: int) -> dict[str, float]:
    """Compare listing about 100,000 solutions with drawing 100, and with finding the best ten."""
    head = ({"type": "flatten"}, {"type": "linear", "out_features": 10})
    request = Case(32, "IV", "params", 0.05, scope="network", behind=head).request
    problem = Problem.model_validate(request)
    best = [Settings(find=Best(best=name)) for name in get_args(EnumeratedObjective)]
    ways = [EVERYTHING, Settings(find=Sample(sample=100)), *best]
    everything, sample, *bests = medians([partial(solve, problem, it) for it in ways], runs)
    return {
        "many_solutions": float(solve(problem, EVERYTHING).found),
        "sample_ratio": everything / sample,
        "best_ratio_worst": everything / max(bests),
    }


def _memory() -> dict[str, float]:
    """Return the MiB that listing about 250,000 solutions adds to what the process holds."""
    ours(Case(14, "IV", "params", 0.0).request)
    held = _resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    ours(Case(32, "IV", "params", 0.05, is_wide=True).request)
    return {"memory_wide_mib": _resident("VmHWM") - held}


def _resident(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(f"{name}:"))
    return int(line.split()[1]) / 1024


def _hold(case: Case, *others: Rows) -> None:
    """Check that all ways give the same set."""
    rows = np.stack([*ours(case.request).values()], axis=1)
    for other in others:
        if not np.array_equal(rows, other[np.lexsort(other.T[::-1])]):
            raise AssertionError(f"{case}: the sets differ")


if __name__ == "__main__":
    report("The solver against other ways to find every solution", measure, GOALS)
