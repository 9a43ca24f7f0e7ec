"""``isobudget solve``."""

import json
import time
from collections.abc import Mapping
from itertools import islice
from typing import Annotated, Final, get_args

import typer

from app.cli.answers import (
    CODES,
    FIRST,
    number_of_variants,
    print_explanation,
    print_json,
    print_outcome,
    variants_of,
)
from app.cli.console import fail, notes, out, refuse, settings
from app.cli.files import FILE_HELP, read_json, shown
from app.cli.find_options import at_odds_with_count, title
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
from app.cli.tables import variants_table
from app.cli.whole import print_whole
from app.cli.width_options import (
    Dtype,
    Freeze,
    Group,
    Grouped,
    Macs,
    MaxActivationBytes,
    MaxParams,
    Ratio,
    Squeeze,
    Step,
    widths_of,
)
from app.errors import Fault
from solver.answers.table import AnswerTable
from solver.answers.variants import Answer, Outcome, SolverReport
from solver.problem import ObjectiveName, SolveRequest
from solver.processes.process import SolverFailedError, SolverProcess, SolverTimeoutError

QUIET_SECONDS: Final = 1.0
"""The time until the status line shows how long a solve takes."""
FIND: Final = "Which of the solutions: all, unless one of these is given"
*FIRST_OBJECTIVES, LAST_OBJECTIVE = get_args(ObjectiveName)
OBJECTIVES: Final = f"{', '.join(FIRST_OBJECTIVES)} or {LAST_OBJECTIVE}"


@with_ranges
def solve(
    *,
    file: Annotated[str, typer.Argument(metavar="FILE", help=FILE_HELP)],
    approach: Annotated[
        str | None, option("Which part of the network changes.", "|".join(APPROACH_NAMES))
    ] = None,
    budget: Annotated[str | None, option("What stays equal.", "params|flops|both")] = None,
    scope: Scope = None,
    tolerance: Annotated[
        str | None,
        option("A fraction of the budget, to both sides or each its own.", "T|BELOW:ABOVE", "0"),
    ] = None,
    ranges: Mapping[str, str | None],
    kernel_grows: KernelGrows = None,
    count_pooling: CountPooling = None,
    min_coverage: MinCoverage = None,
    sample: Annotated[
        int | None, option("So many, drawn uniformly from all.", "K", panel=FIND)
    ] = None,
    seed: Annotated[
        int | None, option("The same seed draws the same ones.", "S", "0", panel=FIND)
    ] = None,
    best: Annotated[
        str | None,
        option(f"The best by an objective: {OBJECTIVES}.", "OBJECTIVE", panel=FIND),
    ] = None,
    top: Annotated[int | None, option("How many of the best.", "N", "10", panel=FIND)] = None,
    diverse: Annotated[
        bool | None,
        option(
            "Of the best only those that differ in a third of their unknowns or more.",
            default="no-diverse",
            panel=FIND,
        ),
    ] = None,
    ratio: Ratio = None,
    step: Step = None,
    freeze: Freeze = None,
    group: Group = None,
    grouped: Grouped = None,
    squeeze: Squeeze = None,
    macs: Macs = None,
    max_activation_bytes: MaxActivationBytes = None,
    dtype: Dtype = None,
    max_params: MaxParams = None,
    count: Annotated[
        bool,
        typer.Option("--count", help="Print only how many there are.", rich_help_panel=FIND),
    ] = False,
    limit: Annotated[int | None, option("Most variants to keep.", default="10000")] = None,
    time_limit: Annotated[float | None, option("Seconds to try.", default="30")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the search answer with all its variants.")
    ] = False,
) -> None:
    """Find the variants of an architecture that have its budget; no server, no database.

    FILE holds an architecture, or a whole search request, which the options override.
    """
    widths, unread = widths_of(
        ratio, group, step=step, freeze=freeze, grouped=grouped, squeeze=squeeze
    )
    fields = {
        "approach": approach,
        "budget": budget,
        "scope": scope,
        "tolerance": tolerance,
        "kernel_grows": kernel_grows,
        "count_pooling": count_pooling,
        "min_coverage": min_coverage,
        "widths": widths or None,
        "count": "macs" if macs else None,
        "max_activation_bytes": max_activation_bytes,
        "dtype": dtype,
        "max_params": max_params,
        "limit": limit,
        "time_limit": time_limit,
    }
    find = {"sample": sample, "seed": seed, "best": best, "top": top, "diverse": diverse}
    others = unread + (at_odds_with_count({**find, "limit": limit}) if count else [])
    (request,) = requests_of(file, read_json(file), [fields], ranges, find, others)
    if count and request.problem.is_whole:
        refuse(shown(file), [Fault("--count", UNCOUNTED)])
    outcome = _print_number(request, as_json) if count else _show(request, as_json)
    raise typer.Exit(CODES[outcome])


def _show(request: SolveRequest, as_json: bool) -> Outcome:
    """Print the variants."""
    answer = _solved(request)
    in_tables = print_whole if request.problem.is_whole else _print_tables
    (print_json if as_json else in_tables)(request, answer)
    return answer.outcome


def _solved(request: SolveRequest) -> Answer:
    """Solve a request; a solver that fails ends the command."""
    started, known = time.monotonic(), 0
    try:
        with (
            notes.status(progress(0.0, 0)) as status,
            SolverProcess(settings().solver_memory_mb, is_warm=False) as process,
        ):

            def tell(found: int) -> None:
                nonlocal known
                known = found
                status.update(progress(time.monotonic() - started, found))

            return process.solve(request, tell)
    except SolverTimeoutError:
        report = SolverReport(
            status="UNKNOWN", wall_time=request.settings.time_limit, branches=0, conflicts=0
        )
        return Answer(
            outcome="timed_out", found=known, symbols=(), table=AnswerTable.of(()), solver=report
        )
    except SolverFailedError as failed:
        fail(str(failed))


def progress(seconds: float, found: int) -> str:
    """The status line of a solve: once it takes a while, its time and what it has found."""
    return "solving …" if seconds < QUIET_SECONDS else f"solving … {seconds:.0f} s, {found:,} found"


def _print_tables(request: SolveRequest, answer: Answer) -> None:
    print_outcome(answer.outcome, answer.found, request.settings.find)
    print_explanation(answer.explanation)
    if kept := len(answer.table):
        shown = title(request.settings.find, kept, answer.found, FIRST, answer.outcome)
        out.print(variants_table(islice(variants_of(request, answer), FIRST), shown))


def _print_number(request: SolveRequest, as_json: bool) -> Outcome:
    """Print how many variants there are."""
    number = _tallied(request)
    outcome: Outcome = "timed_out" if number is None else "complete" if number else "infeasible"
    if as_json:
        typer.echo(json.dumps({"found": number, "outcome": outcome}))
    elif number is None:
        seconds = request.settings.time_limit
        out.print(f"timed_out: not counted in {seconds:g} s; give it more with --time-limit")
    else:
        out.print(number_of_variants(number))
    return outcome


def _tallied(request: SolveRequest) -> int | None:
    """How many solutions there are; ``None`` if the time limit came first."""
    try:
        with (
            notes.status("counting …"),
            SolverProcess(settings().solver_memory_mb, is_warm=False) as process,
        ):
            return process.tally(request)
    except SolverTimeoutError:
        return None
    except SolverFailedError as failed:
        fail(str(failed))
