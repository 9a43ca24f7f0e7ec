"""What the table of a study's runs says about them: how many ended how, and why some failed."""

import csv
from collections import Counter
from dataclasses import dataclass
from io import StringIO


@dataclass(frozen=True)
class Runs:
    """A study's runs, each counted once, though a run may serve several cells.

    ``failures`` holds each failure with the number of runs that have it, the most frequent first.
    """

    states: tuple[tuple[str, int], ...]
    failures: tuple[tuple[str, int], ...]
    seconds: float
    """Training time of all runs together."""

    @property
    def total(self) -> int:
        """Number of runs."""
        return sum(number for _, number in self.states)


def runs_in(results_csv: str) -> Runs:
    """Count the runs of a study's ``results.csv``."""
    rows = {row["run_id"]: row for row in csv.DictReader(StringIO(results_csv))}
    states = Counter(row["state"] for row in rows.values())
    failures = Counter(row["failure"] for row in rows.values() if row["failure"])
    return Runs(
        states=tuple(sorted(states.items())),
        failures=tuple(sorted(failures.items(), key=lambda item: (-item[1], item[0]))),
        seconds=sum(float(row["seconds"] or 0.0) for row in rows.values()),
    )
