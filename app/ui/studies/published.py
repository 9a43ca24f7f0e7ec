"""What the paper's author published behind Figs. 3 and 4, and how it compares with a study.

The numbers are means of the figures per network that the author published with the plots
(approach IV, equal parameters, three trainings of each network).
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Final

from pydantic import TypeAdapter

from app.experiments.recipes import Recipe
from app.schemas.studies import StudyView
from app.schemas.study_results import StudyCell
from app.ui.sentences import percent
from app.ui.studies.sentences import PLACES, pp
from solver.network.schema import Schema

APPROACH: Final = "IV"
BUDGET: Final = "params"


class Published(Schema):
    """The author's results for one data set and resolution; accuracies and gains are fractions.

    ``best_of_k`` and ``mean_variant`` are gains over the mean original, as a study has them.
    """

    dataset: str
    resolution: int
    originals: int
    variants: int
    original: float
    best_of_k: float
    mean_variant: float
    same_rows_as: int | None
    """Another resolution for which the very same rows were published: one was pasted twice."""


@cache
def published() -> tuple[Published, ...]:
    """All that was published."""
    text = files("app.ui.studies").joinpath("published.json").read_text(encoding="utf-8")
    return TypeAdapter(tuple[Published, ...]).validate_json(text)


def comparisons(study: StudyView) -> Iterator[str]:
    """Yield, for each cell that the author has too, both results in words."""
    for cell in study.cells:
        for row in published():
            if (row.dataset, row.resolution) == (study.request.dataset, cell.resolution) and (
                (cell.approach, cell.budget) == (APPROACH, BUDGET)
            ):
                yield f"{row.resolution} px. {_theirs(row)} {_ours(cell)} {_agreement(row, cell)}"


def differences(study: StudyView) -> Iterator[str]:
    """Yield what else differs between the author's experiment and the study."""
    asked = study.request
    yield (
        "The author’s gain is the best of k against the original, so a maximum of noisy means; "
        "the mean variant is computed here from the same published numbers."
    )
    if asked.training_images is not None:
        yield f"The study trains on {asked.training_images:,} images, the author on all."
    if asked.recipe != Recipe():
        yield "The study’s recipe is not the paper’s."
    yield "The author’s originals are not known; the study’s are drawn from its grid."


def _theirs(row: Published) -> str:
    doubt = ""
    if row.same_rows_as is not None:
        doubt = f" (the same rows as for {row.same_rows_as} px: one of the two was pasted twice)"
    return (
        f"Published{doubt}: originals at {percent(row.original, PLACES)}, the best of "
        f"{row.variants} {pp(row.best_of_k)}, the mean variant {pp(row.mean_variant)}."
    )


def _ours(cell: StudyCell) -> str:
    luck = cell.best_of_k_null.gain
    alone = "" if luck is None else f", luck alone {pp(luck)}"
    return (
        f"Here: originals at {percent(cell.accuracy.mean, PLACES)}, the best of k "
        f"{pp(cell.best_of_k.gain)}{alone}, the mean variant {pp(cell.mean_variant.gain)}."
    )


def _agreement(row: Published, cell: StudyCell) -> str:
    """Whether the published mean variant lies in our interval."""
    ci = cell.mean_variant.ci
    if ci is None:
        return "There is no interval to compare with."
    inside = "inside" if ci[0] <= row.mean_variant <= ci[1] else "outside"
    return f"The published mean variant lies {inside} our 95% interval."
