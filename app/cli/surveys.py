"""Counts a survey's problems, and shows the results."""

from typing import Final

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.cli.console import fail, notes, out, settings
from app.cli.survey_tables import nearest_table, shares_table
from app.services.feasibility import Feasibility, GridView, Survey
from app.services.tallies import Tallies, Tally
from solver.processes.process import SolverFailedError

LEGEND: Final = (
    "feasible: originals that have variants; median: of their numbers of variants;\n"
    "yours: the number of variants of the network that you gave"
)
ORDER: Final = "the fewest fields to change first, then the least sum of |to − from| / from"


def tallied(survey: Survey) -> list[Tally]:
    """Tally all problems in processes that die with this one; a bar shows the progress."""
    chosen = settings()
    processes = min(max(1, chosen.solver_processes), len(survey))
    by_place: dict[int, Tally] = {}
    try:
        with Tallies(survey, processes, chosen.solver_memory_mb) as tallies, _bar() as bar:
            task = bar.add_task("counting", total=len(survey))
            for place, tally in tallies:
                by_place[place] = tally
                bar.advance(task)
    except SolverFailedError as failed:
        fail(str(failed))
    return [by_place[place] for place in range(len(survey))]


def _bar() -> Progress:
    """A bar that is shown on a terminal only."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(
        *columns,
        TimeRemainingColumn(),
        console=notes,
        transient=True,
        disable=not notes.is_interactive,
    )


def print_summary(summary: Feasibility) -> None:
    """Print the shares, then the nearest originals."""
    out.print(_title(summary.grid))
    out.print(shares_table(summary.shares))
    out.print(LEGEND, style="dim")
    if summary.unknown:
        number = f"{summary.unknown:,} of the problems"
        out.print(f"{number} could not be counted and take no part; {summary.reason}")
    if any(near.originals for near in summary.nearest):
        out.print()
        out.print(nearest_table(summary.nearest))
        out.print(ORDER, style="dim")


def _title(grid: GridView) -> str:
    """The number of originals, and how they were taken from the grid."""
    originals = "1 original" if grid.originals == 1 else f"{grid.originals:,} originals"
    sample = grid.sample
    drawn = f", drawn uniformly from {grid.size:,} (seed {sample.seed})" if sample else ""
    left_out = grid.looked_at - grid.originals
    if not left_out:
        return originals + drawn
    return (
        f"{originals}{drawn}; {left_out:,} of {grid.looked_at:,} are no valid networks, "
        f"e.g. {grid.fault}"
    )
