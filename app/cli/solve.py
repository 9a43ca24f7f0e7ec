"""``isobudget solve``."""

from itertools import islice
from typing import Annotated, Any

import typer

from app.cli.answers import FIRST, print_explanation, print_json, print_outcome, variants_of
from app.cli.console import ExitCode, fail, notes, out, settings
from app.cli.files import FILE_HELP, read_json
from app.cli.options import request_of
from app.cli.tables import variants_table
from app.services.child import Child
from app.services.process import SolverFailedError, SolverTimeoutError
from solver.problem import SolveRequest
from solver.table import Table
from solver.variants import Answer, SolverReport

RANGES = "Ranges of the unknowns, LOW:HIGH"


def _option(text: str, metavar: str | None = None, default: str | bool = False) -> Any:
    return typer.Option(help=text, metavar=metavar, show_default=default)


def _range(default: str) -> Any:
    return typer.Option(metavar="LOW:HIGH", show_default=default, rich_help_panel=RANGES)


def solve(
    file: Annotated[str, typer.Argument(metavar="FILE", help=FILE_HELP)],
    approach: Annotated[
        str | None, _option("Which part of the network changes.", "I|II|III|IV")
    ] = None,
    budget: Annotated[str | None, _option("What stays equal.", "params|flops|both")] = None,
    scope: Annotated[
        str | None,
        _option("What is counted: all, or the paper's equation.", "network|paper", "network"),
    ] = None,
    tolerance: Annotated[
        str | None,
        _option("A fraction of the budget, to both sides or each its own.", "T|BELOW:ABOVE", "0"),
    ] = None,
    resolution: Annotated[str | None, _range("N+1:2N")] = None,
    kernel_size: Annotated[str | None, _range("3:8")] = None,
    stride: Annotated[str | None, _range("1:5")] = None,
    padding: Annotated[str | None, _range("1:5")] = None,
    dilation: Annotated[str | None, _range("2:4")] = None,
    pool_kernel_size: Annotated[str | None, _range("2:8")] = None,
    pool_stride: Annotated[str | None, _range("1:5")] = None,
    pool_padding: Annotated[str | None, _range("0:5")] = None,
    out_channels: Annotated[str | None, _range("unbounded")] = None,
    out_features: Annotated[str | None, _range("unbounded")] = None,
    count_pooling: Annotated[
        bool | None,
        _option("Whether pooling costs FLOPs.", default="count-pooling"),
    ] = None,
    min_coverage: Annotated[
        float | None,
        _option("Least share of the input's rows that conv1 reads.", default="0"),
    ] = None,
    limit: Annotated[int | None, _option("Most variants to keep.", default="10000")] = None,
    time_limit: Annotated[float | None, _option("Seconds to try.", default="30")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the search answer with all its variants.")
    ] = False,
) -> None:
    """Find the variants of an architecture that have its budget; no server, no database.

    FILE holds an architecture, or a whole search request, which the options override.
    """
    fields = {
        "approach": approach,
        "budget": budget,
        "scope": scope,
        "tolerance": tolerance,
        "count_pooling": count_pooling,
        "min_coverage": min_coverage,
        "limit": limit,
        "time_limit": time_limit,
    }
    ranges = {
        "resolution": resolution,
        "kernel_size": kernel_size,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "pool_kernel_size": pool_kernel_size,
        "pool_stride": pool_stride,
        "pool_padding": pool_padding,
        "out_channels": out_channels,
        "out_features": out_features,
    }
    request = request_of(file, read_json(file), fields, ranges)
    answer = _solve(request)
    (print_json if as_json else _print_tables)(request, answer)
    if answer.outcome == "infeasible":
        raise typer.Exit(ExitCode.INFEASIBLE)


def _solve(request: SolveRequest) -> Answer:
    """Solve in a child process, which dies with this one."""
    try:
        with notes.status("solving …"):
            return Child(settings().solver_memory_mb).solve(request)
    except SolverTimeoutError:
        report = SolverReport(
            status="UNKNOWN", wall_time=request.time_limit, branches=0, conflicts=0
        )
        return Answer(outcome="timed_out", found=0, symbols=(), table=Table.of(()), solver=report)
    except SolverFailedError as failed:
        fail(str(failed))


def _print_tables(request: SolveRequest, answer: Answer) -> None:
    print_outcome(answer.outcome, answer.found)
    print_explanation(answer.explanation)
    if kept := len(answer.table):
        shown = f"the first {FIRST} of {kept:,}" if kept > FIRST else ""
        out.print(variants_table(islice(variants_of(request, answer), FIRST), shown))
