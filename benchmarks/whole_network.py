"""Approach V on networks of torchvision: ``python -m benchmarks.whole_network``.

Times are processor seconds from a request, with the network in hand, to the checked answer.
Networks are imported beforehand. PyTorch builds every answer and counts it.

- ``…_params``, ``…_macs``: what each network has, and every answer keeps.
- ``exact_…``: parameters and multiply-adds equal to the last unit. Medians over seeds; ``…_worst``
  is the slowest of all. Cases for which there is provably no answer count as ``impossible_…``.
- ``closest_…``, ``largest_…``: within 0.1 %, until the smallest largest change of a width, or the
  highest resolution (``…_px``), is proved. ``…_unproved`` counts those that are not.
- ``largest_exact_…``: the highest resolution with exact equality, in half a minute. ``…_proved``
  counts those proved within a second; for the others ``…_bound_px`` is the highest that is open.
- ``closest_exact_…_percent``: the smallest largest change with exact equality that ten seconds
  find. ``closest_exact_behind`` counts those behind what an earlier search found in that time.
"""

from statistics import median
from typing import Final

from benchmarks.timing import report
from benchmarks.whole_best import TOLERANCE, closest, closest_exact, largest, largest_exact
from benchmarks.whole_cases import Case, ask, cases, hold_equal, network, networks
from solver.network.counting import count
from solver.problem import Best, Sample

GOALS: Final = {
    "exact_median_s_step1": "at most 0.1",
    "exact_worst_s_step1": "at most 1",
    "exact_median_s_step8": "at most 0.2",
    "exact_worst_s_step8": "at most 4",
    "exact_unanswered": "0",
    "impossible_worst_s": "at most 0.05",
    "closest_worst_s": "at most 0.5",
    "closest_unproved": "0",
    "largest_worst_s": "at most 1.5",
    "largest_unproved": "0",
    "largest_exact_proved": "at least 10",
    "largest_exact_worst_s": "at most 30",
    "closest_exact_behind": "0",
}
SEEDS: Final = range(6)
EXACT_SECONDS: Final = 30.0
IMPOSSIBLE: Final = (
    Case("resnet18", 320),
    Case("resnet50", 320),
    Case("convnext_tiny", 288, step=8),
    Case("shufflenet_v2_x1_0", 256, step=4),
)
"""Cases with no exact answer besides those among :data:`benchmarks.whole_cases.CASES`."""


def measure(quick: bool) -> dict[str, float]:
    """Return all figures by name."""
    _warm_up()
    return {
        **sizes(quick),
        **exact(quick),
        **closest(quick),
        **largest(quick),
        **largest_exact(quick),
    } | ({} if quick else closest_exact(cases(quick)))


def _warm_up() -> None:
    """Load what the first search loads."""
    ask(Case("resnet18", 240), Sample(sample=1), 5.0)
    ask(Case("resnet18", 240), Best(best="closest", top=1), 1.0, tolerance=TOLERANCE)


def sizes(quick: bool) -> dict[str, float]:
    """What each network has, and every answer keeps."""
    figures: dict[str, float] = {}
    for name in networks(quick):
        own = count(network(name))
        figures |= {f"{name}_params": own.params, f"{name}_macs": own.macs}
    return figures


def exact(quick: bool) -> dict[str, float]:
    """Time to the first exact answer, or to the proof that there is none."""
    seeds = SEEDS[:1] if quick else SEEDS
    figures: dict[str, float] = {}
    answered: dict[int, list[float]] = {}
    impossible: list[float] = []
    unanswered = 0
    extra = [it for it in IMPOSSIBLE if it.network in networks(quick)]
    for case in (*cases(quick), *extra):
        answers = [ask(case, Sample(sample=1, seed=seed), EXACT_SECONDS) for seed in seeds]
        seconds = [answer.seconds for answer in answers]
        if all(answer.row is None and answer.is_proved for answer in answers):
            figures[f"impossible_{case.key}_s"] = median(seconds)
            impossible += seconds
            continue
        for answer in answers:
            if answer.row is None:
                unanswered += 1
            else:
                hold_equal(answer)
        figures[f"exact_{case.key}_s"] = median(seconds)
        answered.setdefault(case.step, []).extend(seconds)
    for step, seconds in answered.items():
        figures[f"exact_median_s_step{step}"] = median(seconds)
        figures[f"exact_worst_s_step{step}"] = max(seconds)
    return figures | {
        "exact_unanswered": unanswered,
        "impossible_worst_s": max(impossible, default=0.0),
    }


if __name__ == "__main__":
    report("Approach V on networks of torchvision", measure, GOALS)
