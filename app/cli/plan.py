"""``isobudget plan``."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.table import Table

from app.cli.console import out, refuse, settings
from app.cli.databases import the_database
from app.cli.files import faults_of
from app.cli.option_values import flag, without_none
from app.cli.parameters import APPROACH_NAMES, option
from app.cli.tables import empty_table
from app.errors import Fault, RefusedError
from app.schemas.studies import PlannedSize
from app.schemas.study_results import SpreadOf
from app.services import study_planning
from app.services.study_planning import PlanningQuestion
from app.ui.sentences import percent, points


def plan(
    dataset: Annotated[str, typer.Option(metavar="NAME", help="Of which data set.")],
    approach: Annotated[
        str | None, option("Whose spread is taken.", "|".join(APPROACH_NAMES), "all")
    ] = None,
    budget: Annotated[
        str | None, option("Whose spread is taken.", "params|flops|both", "all")
    ] = None,
    contrast: Annotated[
        str | None,
        option(
            "What is to show the effect.",
            "true_minus_upsampled|mean_variant",
            "true_minus_upsampled",
        ),
    ] = None,
    effect: Annotated[
        list[float] | None, option("One or more fractions.", "E", "0.005, 0.01, 0.02")
    ] = None,
    variants: Annotated[
        int | None, option("Of each original.", "N", "as takes the fewest runs")
    ] = None,
    seeds: Annotated[
        int | None, option("Of each network.", "N", "as takes the fewest runs")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Plan a study: how many originals, variants and seeds show an effect with 80 % power.

    The spread of gains is that of the data set's studies in the database, else one that is shipped.
    """
    question = _question(
        dataset=dataset,
        approach=approach,
        budget=budget,
        contrast=contrast,
        effect=effect,
        variants=variants,
        seeds=seeds,
    )
    with the_database() as database:
        try:
            planning = study_planning.plan(database, settings().data_dir, question)
        except RefusedError as refused:
            refuse("the plan", [_named(fault) for fault in refused.faults])
    if as_json:
        typer.echo(planning.model_dump_json(indent=2))
    else:
        out.print(_table(planning.sizes, question.contrast))
        out.print(f"Spread: {planning.source}.", soft_wrap=True)


def _question(**given: Any) -> PlanningQuestion:
    """Read the options; if they have faults, list these, and end the command."""
    try:
        return PlanningQuestion.model_validate(without_none(given))
    except ValidationError as invalid:
        refuse("the options", faults_of(invalid, lambda place: flag(str(place[0]))))


def _named(fault: Fault) -> Fault:
    """A fault of a query's parameter as one of the option of the same name."""
    return replace(fault, pointer=flag(fault.pointer.removeprefix("query/")))


def _table(sizes: Sequence[PlannedSize], contrast: SpreadOf) -> Table:
    title = f"studies that show an effect on {contrast}"
    table = empty_table(title, "effect> originals> variants> seeds> runs> power> time>")
    for size in sizes:
        table.add_row(
            points(size.effect),
            *(_count(it) for it in (size.originals, size.variants, size.seeds, size.runs)),
            "–" if size.power is None else percent(size.power),
            "–" if size.seconds is None else str(timedelta(seconds=round(size.seconds))),
        )
    return table


def _count(number: int | None) -> str:
    return "–" if number is None else f"{number:,}"
