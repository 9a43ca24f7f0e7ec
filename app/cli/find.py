"""``isobudget find``: the network that Eq. 1 asks for."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from app.cli.combinations import applicable
from app.cli.console import refuse
from app.cli.files import FILE_HELP, read_architecture, shown
from app.cli.finding.bounds import Bounds
from app.cli.finding.found import Nothing
from app.cli.finding.inquiry import Inquiry
from app.cli.finding.words import code_of, print_answer
from app.cli.parameters import APPROACH_NAMES, option
from app.cli.service import connected, failing_in_words
from app.errors import Fault
from app.experiments.recipes import NAMED
from solver.approaches import APPROACHES
from solver.network.architecture import Architecture
from solver.network.counting import Counts, count
from solver.problem import Budget

BOUNDS: Final = "Bounds of the network"
TRAINING: Final = "How candidates are trained"
DATABASE: Final = "find.sqlite"


def _bound(text: str, default: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(
        min=1, metavar="N", help=text, show_default=default, rich_help_panel=BOUNDS
    )
    return option


def find(
    *,
    file: Annotated[str, typer.Argument(metavar="FILE", help=FILE_HELP)],
    dataset: Annotated[str, typer.Option(metavar="NAME", help="What to train on.")],
    max_resolution: Annotated[
        int, typer.Option(min=1, metavar="PX", help="The largest image.", rich_help_panel=BOUNDS)
    ],
    max_params: Annotated[int | None, _bound("Most parameters.", "the original's")] = None,
    max_flops: Annotated[int | None, _bound("Most FLOPs.", "the original's")] = None,
    max_activation_bytes: Annotated[
        int | None, _bound("Most memory for activations of one image, 4 bytes each.", "unbounded")
    ] = None,
    budget: Annotated[
        Budget,
        typer.Option(
            help="What comes close to its bound; the other is bounded only if you say so.",
            rich_help_panel=BOUNDS,
        ),
    ] = "both",
    within: Annotated[
        float,
        typer.Option(
            min=0.0, max=1.0, help="How far below, as a fraction.", rich_help_panel=BOUNDS
        ),
    ] = 0.05,
    approach: Annotated[
        list[str] | None, option("One or more.", "|".join(APPROACH_NAMES), "all that fit")
    ] = None,
    candidates: Annotated[
        int, typer.Option(min=1, max=256, metavar="N", help="How many variants to try.")
    ] = 64,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same variants.")] = 0,
    time_limit: Annotated[
        float, typer.Option(min=0.1, max=3600.0, help="Seconds to solve, for each approach.")
    ] = 30.0,
    seeds: Annotated[
        int,
        typer.Option(min=1, max=100, help="Trainings of each network.", rich_help_panel=TRAINING),
    ] = 3,
    recipe: Annotated[
        str, typer.Option(metavar="NAME", help="A named recipe.", rich_help_panel=TRAINING)
    ] = "paper",
    epochs: Annotated[
        int | None,
        typer.Option(min=1, show_default="the recipe's", rich_help_panel=TRAINING),
    ] = None,
    training_images: Annotated[
        int | None, typer.Option(min=10, show_default="all", rich_help_panel=TRAINING)
    ] = None,
    output: Annotated[
        Path,
        typer.Option(file_okay=False, help="Folder for the database, logs, model.py and report."),
    ] = Path("found"),
    url: Annotated[
        str | None, option("Use the service there, and start none.", default="a service of its own")
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option(min=1, help="How many workers train.", show_default="all cores"),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object on standard output.")
    ] = False,
) -> None:
    """Find the most accurate network within your bounds that takes larger images (Eq. 1).

    FILE holds your architecture, or a search request, whose architecture is taken.

    Solves over all approaches and resolutions, and trains candidates by successive halving.

    Of approach V, whose variants cannot be counted, a sample takes part.

    Chooses by validation accuracy, your own network included, and scores the choice on test images.

    The database in OUTPUT is kept: the same command goes on where it was stopped.
    """
    original = read_architecture(file)
    own = _counted(file, original)
    most = {
        "params": max_params,
        "flops": max_flops,
        "activation_bytes": max_activation_bytes,
    }
    bounds = Bounds.of(own, budget, most, within)
    approaches = approach or applicable(original, APPROACH_NAMES)
    faults = [
        *_refused(original, max_resolution, recipe),
        *_misfits(original, approaches),
        *bounds.faults(own),
    ]
    if faults:
        refuse(shown(file), faults)
    inquiry = Inquiry(
        original=original,
        own=own,
        bounds=bounds,
        approaches=approaches,
        resolutions=(original.resolution + 1, max_resolution),
        candidates=candidates,
        seed=seed,
        time_limit=time_limit,
        dataset=dataset,
        terms={
            "seeds": seeds,
            "recipe": {"name": recipe},
            "epochs": epochs,
            "training_images": training_images,
        },
    )
    with (
        failing_in_words("the search", output if url is None else None),
        connected(url, output, DATABASE, processes) as client,
    ):
        answer = inquiry.answer(client, output)
    if as_json:
        typer.echo(answer.model_dump_json(indent=2))
    else:
        print_answer(answer)
    if isinstance(answer, Nothing):
        raise typer.Exit(code_of(answer))


def _counted(file: str, architecture: Architecture) -> Counts:
    try:
        return count(architecture)
    except OverflowError as too_large:
        refuse(shown(file), [Fault("", str(too_large))])


def _refused(original: Architecture, max_resolution: int, recipe: str) -> Iterator[Fault]:
    """Yield the faults of options that no service is needed to see."""
    if max_resolution <= original.resolution:
        reason = f"{max_resolution} px are not above the original's {original.resolution} px"
        yield Fault("--max-resolution", reason)
    if recipe not in NAMED:
        yield Fault("--recipe", f"there is no such recipe; known are {', '.join(NAMED)}")


def _misfits(original: Architecture, approaches: Sequence[str]) -> Iterator[Fault]:
    """Yield why approaches cannot be tried."""
    for name in approaches:
        if name not in APPROACHES:
            known = ", ".join(APPROACH_NAMES)
            yield Fault("--approach", f"there is no approach '{name}'; known are {known}")
        elif misfit := APPROACHES[name].misfit(original):
            yield Fault("--approach", f"{name}: {misfit[1]}")
