"""How often intervals hold the truth, and how often luck is called a finding.

``python -m benchmarks.coverage [--quick] [--json]``

Jobs (of 4 and 10 variants) and studies (of 3, 6, 9 and 12 originals) are replayed on synthetic
outcomes whose truth is known: every run classifies test images that are easy or hard for all
networks, for one network, or for one run. The spreads are those of
:data:`app.experiments.spreads.KNOWN`. Each replay goes through the statistics of a job's or a
study's results. In A/A replays all networks are the same; in others variants vary, and studies have
planted effects of 1.0 and 0.5 points, which should be found as often as the planner says.

The first four figures are the worst of some 130 cases, with 2,000 replays each. The standard error
of a share near 95 % is 0.5 points, so if every interval holds in exactly 95 % the worst are seen at
about 93.7 and 96.3 %. That of a difference of powers is at most 1.4 points, and the worst of 16 is
seen at about 3.5. ``--quick`` has 100 replays, too few for the goals.
"""

from collections.abc import Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Final

from benchmarks import coverage_jobs, coverage_studies
from benchmarks.replays import Replays, found, held
from benchmarks.timing import report
from benchmarks.worlds import WORLDS

REPLAYS: Final = 2000
QUICK: Final = 100
GOALS: Final = {
    "coverage_lowest": "≥ 0.93",
    "coverage_highest": "≤ 0.97",
    "aa_false_positives": "≤ 0.08",
    "power_gap_points": "≤ 5",
}


def measure(is_quick: bool) -> Mapping[str, float]:
    """Return how often intervals hold, by case, and the worst of these figures."""
    every, gaps = _replayed(QUICK if is_quick else REPLAYS)
    held_ = {
        str(case): held(replays)
        for case, replays in every.items()
        if any(replay.ci for replay in replays)
    }
    found_ = {
        str(case): found(replays)
        for case, replays in every.items()
        if case.is_aa and any(replay.verdict for replay in replays)
    }
    return {
        "coverage_lowest": min(held_.values()),
        "coverage_highest": max(held_.values()),
        "aa_false_positives": max(found_.values()),
        "power_gap_points": max(gaps.values()),
        **{f"held_{case}": share for case, share in held_.items()},
        **{f"found_{case}": share for case, share in found_.items()},
        **{f"gap_{case}": points for case, points in gaps.items()},
    }


def _replayed(times: int) -> tuple[Replays, dict[str, float]]:
    """Replay everything, on all cores; the worlds with most images first, as they take longest."""
    worlds = sorted(WORLDS, key=lambda name: -WORLDS[name].images)
    kinds = [(world, is_aa) for world in worlds for is_aa in (False, True)]
    with ProcessPoolExecutor() as pool:
        studies: list[Future[tuple[Replays, dict[str, float]]]] = [
            pool.submit(coverage_studies.replayed, world, times, is_aa=is_aa)
            for world, is_aa in kinds
        ]
        jobs: list[Future[Replays]] = [
            pool.submit(coverage_jobs.replayed, world, times, is_aa=is_aa) for world, is_aa in kinds
        ]
    replays: Replays = {}
    gaps: dict[str, float] = {}
    for study in studies:
        found_, gaps_ = study.result()
        replays |= found_
        gaps |= gaps_
    for job in jobs:
        replays |= job.result()
    return replays, gaps


if __name__ == "__main__":
    report(__doc__ or "", measure, GOALS)
