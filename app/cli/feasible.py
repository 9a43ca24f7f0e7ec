"""``isobudget feasible``."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from app.cli.combinations import combinations
from app.cli.console import ExitCode, notes, refuse
from app.cli.files import FILE_HELP, read_json, shown
from app.cli.grids import Lists, axes_of, excess, read_lists, sample_of
from app.cli.options import UNCOUNTED, requests_of
from app.cli.parameters import (
    APPROACH_NAMES,
    CountPooling,
    KernelGrows,
    MinCoverage,
    Scope,
    option,
    with_ranges,
)
from app.cli.surveys import print_summary, tallied
from app.errors import Fault
from app.services.feasibility import Survey
from app.services.tallies import Tally
from solver.problem import Sample, SolveRequest
from solver.survey.feasibility import members
from solver.survey.grid import Grid


@with_ranges
def feasible(
    *,
    file: Annotated[str, typer.Argument(metavar="FILE", help=FILE_HELP)],
    grid: Annotated[
        list[str] | None,
        option("What varies, and its values: one option for each field.", "NAME=VALUES"),
    ] = None,
    approach: Annotated[
        list[str] | None, option("One or more.", "|".join(APPROACH_NAMES), "all that fit")
    ] = None,
    budget: Annotated[
        list[str] | None, option("One or more.", "params|flops|both", "all three")
    ] = None,
    scope: Scope = None,
    tolerance: Annotated[
        list[str] | None,
        option("One or more fractions, to both sides or each its own.", "T|BELOW:ABOVE", "0"),
    ] = None,
    ranges: Mapping[str, str | None],
    kernel_grows: KernelGrows = None,
    count_pooling: CountPooling = None,
    min_coverage: MinCoverage = None,
    sample: Annotated[
        int | None, option("Draw so many originals from the grid, uniformly.", "N")
    ] = None,
    seed: Annotated[int | None, option("The same seed draws the same ones.", "S", "0")] = None,
    nearest: Annotated[
        int, typer.Option(min=0, metavar="N", help="How many of the nearest originals to name.")
    ] = 5,
    time_limit: Annotated[
        float | None, option("Seconds to try, for each problem.", default="30")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, with whole networks.")
    ] = False,
) -> None:
    """Count, over a grid of originals, how many have variants, and name those nearest to FILE.

    FILE holds your architecture, or a whole search request, which the options override.

    The grid sets its resolution and fields of its first two convolutions; the rest is kept.

    --grid kernel_size=3,5,7 is for both convolutions, --grid conv1.out_channels=10:30:5 for one.

    --grid pool_kernel_size=1,2 is for the pools behind them, --grid pool1.kernel_size=2 for one.
    """
    content = read_json(file)
    lists, faults = read_lists(grid or ())
    drawn, more = sample_of(sample, seed)
    own = {
        "scope": scope,
        "kernel_grows": kernel_grows,
        "count_pooling": count_pooling,
        "min_coverage": min_coverage,
        "time_limit": time_limit,
    }
    asked = [
        {**own, "approach": name, "budget": kept, "tolerance": band}
        for name, kept, band in combinations(content, approach, budget, tolerance)
    ]
    requests = requests_of(file, content, asked, ranges, others=[*faults, *more])
    if any(request.problem.is_whole for request in requests):
        refuse(shown(file), [Fault("--approach", UNCOUNTED)])
    survey = _survey(requests, lists, drawn)
    tallies = tallied(survey)
    summary = survey.summary(tallies, nearest)
    if as_json:
        typer.echo(summary.model_dump_json(indent=2))
    else:
        print_summary(summary)
    if not any(it.feasible for it in summary.shares):
        raise typer.Exit(_without_any(tallies))


def _without_any(tallies: Sequence[Tally]) -> ExitCode:
    """The exit code if no original is known to have variants."""
    if all(tally.number is not None for tally in tallies):
        return ExitCode.INFEASIBLE
    return ExitCode.TIMED_OUT if any(tally.is_late for tally in tallies) else ExitCode.FAILED


def _survey(requests: Sequence[SolveRequest], lists: Lists, sample: Sample | None) -> Survey:
    """Look for the grid's valid networks; a fault of the grid ends the command."""
    requests = list(dict.fromkeys(requests))
    original = requests[0].problem.architecture
    axes, faults = axes_of(original, lists)
    grid = Grid(original, axes)
    if faults := faults or excess(grid.size, sample, len(requests)):
        refuse("the grid", faults)
    with notes.status("looking for valid networks …"):
        found = members(grid, sample)
    if not found.numbers:
        reason = f"none of {found.looked_at:,} members is a valid network; e.g. {found.fault}"
        refuse("the grid", [Fault("--grid", reason)])
    return Survey(grid, sample, found, requests)
