"""What the page of a search shows. numpy is loaded with this module."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.db.engine import Database
from app.db.identity import variant_id
from app.schemas.datasets import DatasetView
from app.schemas.searches import SearchSummary
from app.schemas.variants import VariantView
from app.services import datasets, searches, variant_columns, variants
from app.states import FINAL
from app.ui.plots.chart import Chart
from app.web.found.comparison import Comparison, compared
from app.web.found.equations import Equation, equations
from app.web.found.lines import Lines, lines
from app.web.found.scatter import Scatter
from app.web.found.shown import Shown
from app.web.found.views import WHOLE, View, Zoom


@dataclass(frozen=True)
class Found:
    """The variants of a search that has some, as its page shows them."""

    shown: Shown
    chart: Chart
    lines: Lines
    datasets: Sequence[DatasetView]


@dataclass(frozen=True)
class Chosen:
    """A variant beside the original."""

    position: int
    variant: VariantView
    comparison: Comparison


@dataclass(frozen=True)
class Looked:
    """All that the page of a search shows; what there is not yet, or not at all, is ``None``."""

    search: SearchSummary
    equations: Sequence[Equation]
    found: Found | None
    chosen: Chosen | None

    @property
    def is_open(self) -> bool:
        """Whether the search has not ended."""
        return self.search.state not in FINAL


def look(database: Database, id_: str, view: View, data_dir: Path) -> Looked:
    """Look at a search.

    Raises
    ------
    RefusedError
        A column of the view is unknown.
    app.db.errors.NotFoundError
        There is no such search, or no variant at the chosen position.
    """
    search = searches.without_variants(database, id_)
    columns = variant_columns.of_search(database, id_)
    solved = equations(columns.deriver.problem)
    if search.state not in FINAL or not search.found:
        return Looked(search, solved, None, None)
    shown = Shown(columns, view, search.request.budget)
    found = Found(
        shown,
        Scatter(shown, f"/searches/{id_}", WHOLE).chart,
        lines(database, id_, shown),
        _datasets(data_dir),
    )
    return Looked(search, solved, found, _chosen(database, id_, shown))


def figure(database: Database, id_: str, view: View, zoom: Zoom) -> Chart:
    """The plot of a search's variants within the ranges of a zoom.

    Raises
    ------
    RefusedError
        A column of the view is unknown.
    app.db.errors.NotFoundError
        There is no such search.
    """
    columns = variant_columns.of_search(database, id_)
    budget = columns.deriver.problem.budget
    return Scatter(Shown(columns, view, budget), f"/searches/{id_}", zoom).chart


def _chosen(database: Database, id_: str, shown: Shown) -> Chosen | None:
    position = shown.view.chosen
    if position is None:
        return None
    variant = variants.get(database, variant_id(id_, position))
    problem = shown.search.deriver.problem
    beside = compared(
        problem.architecture, variant.architecture, count_pooling=problem.count_pooling
    )
    return Chosen(position, variant, beside)


def _datasets(data_dir: Path) -> list[DatasetView]:
    """The data sets that can be trained on."""
    return [it for it in datasets.known(data_dir).items if isinstance(it, DatasetView)]
