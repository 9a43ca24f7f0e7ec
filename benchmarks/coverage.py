"""How often intervals hold the truth, and how often luck is called a finding.

``python -m benchmarks.coverage [--quick] [--json]``

Jobs and studies are replayed on synthetic outcomes whose truth is known: every run classifies test
images that are easy or hard for all networks, for one network, or for one run. The spreads are
those of :data:`app.experiments.spreads.KNOWN`. Each replay goes through the statistics of a job's
or a study's results. Effects of 1.0 and 0.5 points are planted in studies, and should be found as
often as the planner says.
"""

from collections.abc import Mapping
from typing import Final

from benchmarks import coverage_jobs, coverage_studies
from benchmarks.replays import found, held
from benchmarks.timing import report

JOBS: Final = 4000
STUDIES: Final = 2000
QUICK: Final = 100
GOALS: Final = {
    "coverage_lowest": "≥ 0.93",
    "coverage_highest": "≤ 0.97",
    "aa_false_positives": "≤ 0.08",
    "power_gap_points": "≤ 5",
}


def measure(is_quick: bool) -> Mapping[str, float]:
    """Return how often intervals hold, by case, and the worst of these figures."""
    studies = coverage_studies.replayed(QUICK if is_quick else STUDIES)
    every = {**coverage_jobs.replayed(QUICK if is_quick else JOBS), **studies}
    held_ = {str(case): held(replays) for case, replays in every.items() if replays[0].ci}
    found_ = {
        str(case): found(replays)
        for case, replays in every.items()
        if case.is_aa and replays[0].verdict
    }
    gaps = coverage_studies.power_gaps(studies)
    return {
        "coverage_lowest": min(held_.values()),
        "coverage_highest": max(held_.values()),
        "aa_false_positives": max(found_.values()),
        "power_gap_points": max(gaps.values()),
        **{f"held_{case}": share for case, share in held_.items()},
        **{f"found_{case}": share for case, share in found_.items()},
        **{f"gap_{case}": points for case, points in gaps.items()},
    }


if __name__ == "__main__":
    report(__doc__ or "", measure, GOALS)
