"""``isobudget reproduce``: the paper's figures, through the service as for any user."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pydantic import ValidationError

from app.cli.console import fail, notes, out, refuse, settings
from app.cli.files import faults_of
from app.cli.option_values import flag, without_none
from app.cli.parameters import option
from app.cli.presets import DatasetName, FigureName, Scale, study_of
from app.cli.service import connected, failing_in_words
from app.client import Client, Study
from app.client.progress import study_bar
from app.experiments.catalogue import DATASETS, content_id
from app.schemas.studies import StudyView
from app.schemas.study_terms import StudyRequest
from solver.network.schema import Place

DATABASE: Final = "studies.sqlite"


def reproduce(
    figure: Annotated[FigureName, typer.Argument(help="Which figure of the paper.")],
    dataset: Annotated[DatasetName, typer.Option(help="The images to train on.")] = "mnist",
    scale: Annotated[
        Scale, typer.Option(help="smoke takes minutes, small hours; paper has its sizes.")
    ] = "small",
    output: Annotated[
        Path, typer.Option(file_okay=False, help="Folder for the database, logs and results.")
    ] = Path("reproduction"),
    url: Annotated[
        str | None, option("Use the service there, and start none.", default="a service of its own")
    ] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, help="How many workers train.", show_default="all cores")
    ] = None,
    resolution: Annotated[
        list[int] | None,
        option(
            "Of originals, in pixels; once for each. The study decides at the first.",
            "N",
            "by scale",
        ),
    ] = None,
    originals: Annotated[int | None, option("How many, for each cell.", default="by scale")] = None,
    variants: Annotated[
        int | None, option("How many, for each original.", default="by scale")
    ] = None,
    seeds: Annotated[int | None, option("Trainings of each network.", default="by scale")] = None,
    epochs: Annotated[int | None, option("Of each training.", default="by scale")] = None,
    training_images: Annotated[int | None, option("How many.", default="by scale")] = None,
    recipe: Annotated[str | None, option("How to train, by name.", default="paper")] = None,
    seed: Annotated[int | None, option("Of all draws.", default="0")] = None,
) -> None:
    """Run the study behind a figure of the paper, and write its report, figures and tables.

    Results go to OUTPUT/FIGURE-DATASET-SCALE.

    The database in OUTPUT is kept: the same command goes on where it was stopped.

    Other figures take over the runs that they share with this one.
    """
    asked = {
        "originals": originals,
        "variants": variants,
        "seeds": seeds,
        "epochs": epochs,
        "training_images": training_images,
        "recipe": None if recipe is None else {"name": recipe},
        "seed": seed,
    }
    preset = study_of(figure, dataset, scale)
    request = _request(_at(preset, resolution) if resolution else preset, without_none(asked))
    _require_figures()
    if url is None:
        _say_where_images_come_from(dataset)
    with (
        failing_in_words("the study", output if url is None else None),
        connected(url, output, DATABASE, processes) as client,
    ):
        study = _ended(client, request)
        view, table = study.view, study.results_csv()
    assert isinstance(view, StudyView)
    _write(view, table, output / f"{figure}-{dataset}-{scale}")


def _at(preset: Mapping[str, Any], resolutions: Sequence[int]) -> dict[str, Any]:
    """The preset at other resolutions, of which the first is that of the primary cell."""
    changed = {**preset, "resolutions": resolutions}
    if primary := preset.get("primary"):
        changed["primary"] = {**primary, "resolution": resolutions[0]}
    return changed


def _request(preset: Mapping[str, Any], asked: Mapping[str, Any]) -> StudyRequest:
    """The preset with what the user asked for; what is wrong with that ends the command."""

    def name(place: Place) -> str:
        field = str(place[0]) if place else ""
        return flag("resolution" if field == "resolutions" else field) if field else ""

    try:
        return StudyRequest.model_validate({**preset, **asked})
    except ValidationError as invalid:
        refuse("the options", faults_of(invalid, name))


def _require_figures() -> None:
    """End the command if nothing can be drawn on this machine."""
    if find_spec("matplotlib") is None:
        fail("figures need Matplotlib, which is not installed: pip install 'isobudget[figures]'")


def _say_where_images_come_from(dataset: DatasetName) -> None:
    folder = settings().data_dir
    if not DATASETS[dataset].is_present(folder):
        notes.print(
            f"{dataset} is not in {folder}: it is downloaded there. Without a network, set "
            "ISOBUDGET_DATA_DIR to a folder that holds torchvision's files of it.",
            soft_wrap=True,
        )


def _ended(client: Client, request: StudyRequest) -> Study:
    """Ask for the study, or find it if it was asked for before, and wait for its end."""
    body = request.model_dump(mode="json", exclude_unset=True)
    study = client.study_request(body, idempotency_key=f"reproduce-{content_id(body)}")
    if study.state in ("failed", "cancelled"):
        study = client.study_request(body)
    with study_bar(out) as show:
        return study.wait(progress=show)


def _write(study: StudyView, table: bytes, folder: Path) -> None:
    from app.ui.studies.files import REPORT, files_of
    from app.ui.studies.sentences import conclusion, decomposition

    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files_of(study, table).items():
        (folder / name).write_bytes(content)
    out.print(conclusion(study), style="bold")
    for sentence in decomposition(study):
        out.print(sentence)
    for note in study.notes:
        out.print(f"note: {note}")
    out.print(f"plan: {study.plan_hash}")
    out.print(f"report: {(folder / REPORT).resolve()}", soft_wrap=True)
