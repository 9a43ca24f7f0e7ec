"""The report of a study: one HTML file that needs nothing else, and no network.

Ids and times are the only things that differ between two reports of the same study. They stand in
elements of the class ``varies``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from app.schemas.studies import StudyView
from app.schemas.study_plans import DrawnCell
from app.ui.pages import PAGES
from app.ui.sentences import budget_in_words
from app.ui.studies import explained, observations, published
from app.ui.studies.cells import ESTIMATES, place_of
from app.ui.studies.runs import Runs
from app.ui.studies.sentences import conclusion, decomposition
from app.ui.studies.tables import cell_rows, network_rows


@dataclass(frozen=True)
class DrawnRow:
    """What was drawn for a cell: the numbers of its originals in the grid, and their variants."""

    place: str
    originals: str
    variants: str


def render(study: StudyView, runs: Runs, figures: Mapping[str, str]) -> str:
    """Make the page; ``figures`` holds ``<svg>`` elements in the page's colours, by their names."""
    asked = study.request
    return PAGES.get_template("study_report.html").render(
        study=study,
        runs=runs,
        title=title_of(study),
        conclusion=conclusion(study),
        decomposition=[*decomposition(study)],
        figures={name: Markup(svg) for name, svg in figures.items()},
        cells=[*cell_rows(study)],
        networks=[*network_rows(study)],
        tests=[*explained.reading_tests(study)] if asked.approaches else [],
        controls=[*explained.controls_of(study)],
        observed=[*observations.by_resolution(study.networks)],
        matched=[*observations.matched(study.networks)],
        comparisons=[*published.comparisons(study)],
        differences=[*published.differences(study)],
        drawn=[drawn_row(cell) for cell in study.plan.cells] if study.plan else [],
        request=asked.model_dump_json(indent=1),
        asked=dict(asked_of(study)),
    )


def title_of(study: StudyView) -> str:
    """What a study is about, as a heading."""
    asked = study.request
    if not asked.approaches:
        return f"{asked.dataset}: accuracy against the number of parameters and FLOPs"
    budgets = {budget_in_words(it, asked.tolerance, asked.scope) for it in asked.budgets}
    return f"{asked.dataset}: larger images at {' and at '.join(sorted(budgets))}"


def asked_of(study: StudyView) -> Iterator[tuple[str, str]]:
    """The names and values of what the user asked for."""
    asked = study.request
    recipe = asked.recipe
    images = "all" if asked.training_images is None else f"{asked.training_images:,}"
    yield "Data", f"{asked.dataset}, {images} training images"
    yield "Recipe", f"{recipe.name} ({recipe.optimizer}, {recipe.epochs} epochs)"
    yield "Resolutions", ", ".join(f"{side} px" for side in asked.resolutions)
    if asked.approaches:
        yield (
            "Variants",
            f"approaches {', '.join(asked.approaches)}; equal {', '.join(asked.budgets)}",
        )
        yield "Networks", f"{asked.originals} originals a cell, {asked.variants} variants each"
    yield "Seeds", f"{asked.seeds} a network; draws use seed {asked.seed}"
    if asked.primary:
        it = asked.primary
        yield (
            "Primary",
            f"{place_of(it)}: {ESTIMATES[it.contrast]}",
        )


def drawn_row(cell: DrawnCell) -> DrawnRow:
    """What was drawn for a cell."""
    variants = [len(original.variants) for original in cell.originals]
    return DrawnRow(
        place=place_of(cell),
        originals=", ".join(str(original.member) for original in cell.originals),
        variants=f"{sum(variants)} of {sum(original.found for original in cell.originals):,}",
    )
