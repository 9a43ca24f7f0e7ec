"""What the page of a study shows: its plan, its cells with their estimates, and its plots."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.schemas.studies import Phase, StudyView
from app.schemas.study_results import StudyOriginal
from app.states import FINAL
from app.ui.charts import accuracies
from app.ui.charts.capacity import capacity
from app.ui.charts.gains import gains
from app.ui.charts.points import Network
from app.ui.plots.chart import Chart
from app.ui.studies import explained, observations, published
from app.ui.studies.report import DrawnRow, asked_of, drawn_row, title_of
from app.ui.studies.sentences import conclusion, decomposition
from app.ui.studies.tables import CellRow, NetworkRow, cell_rows, network_rows

PHASES: Final[Mapping[Phase, str]] = {
    "counting": "Count the variants of every network of the grid",
    "searching": "Find the variants of those that are drawn",
    "training": "Train",
    "ended": "Ended",
}


@dataclass(frozen=True)
class Cell:
    """A cell: all that was estimated, and its plot."""

    row: CellRow
    chart: Chart | None


class StudyPage:
    """A study, as its page shows it."""

    def __init__(self, study: StudyView) -> None:
        self.study = study

    @property
    def title(self) -> str:
        """What the study is about."""
        return title_of(self.study)

    @property
    def is_open(self) -> bool:
        """Whether more is to come."""
        return self.study.state not in FINAL

    @property
    def phases(self) -> Mapping[Phase, str]:
        """All phases, in words."""
        return PHASES

    @property
    def asked(self) -> Sequence[tuple[str, str]]:
        """The names and values of what was asked for."""
        return [*asked_of(self.study)]

    @property
    def conclusion(self) -> str:
        """The verdict on the primary contrast, in a sentence."""
        return conclusion(self.study)

    @property
    def sentences(self) -> Sequence[str]:
        """What the gain is made of; or how accurate the networks of each resolution are."""
        return [*decomposition(self.study), *observations.by_resolution(self.study.networks)]

    @property
    def controls(self) -> Sequence[str]:
        """The meaning of each control."""
        return [*explained.controls_of(self.study)]

    @property
    def tests(self) -> Sequence[str]:
        """How the tests are to be read."""
        return [*explained.reading_tests(self.study)] if self.study.cells else []

    @property
    def exploratory(self) -> Sequence[str]:
        """What was not planned: comparisons with the paper's results, and among networks."""
        return [*observations.matched(self.study.networks), *published.comparisons(self.study)]

    @property
    def charts(self) -> Iterator[Chart]:
        """Yield gains against resolution, and accuracy against what networks cost."""
        yield from gains(self.study)
        yield from capacity([*self._tested()])

    @property
    def cells(self) -> Sequence[Cell]:
        """The cells in the study's order."""
        rows = cell_rows(self.study)
        return [
            Cell(row, accuracies.of_cell(cell))
            for row, cell in zip(rows, self.study.cells, strict=True)
        ]

    @property
    def networks(self) -> Sequence[NetworkRow]:
        """The networks that were trained for themselves."""
        return [*network_rows(self.study)]

    @property
    def drawn(self) -> Sequence[DrawnRow]:
        """What was drawn for each cell."""
        return [drawn_row(cell) for cell in self.study.plan.cells] if self.study.plan else []

    def _tested(self) -> Iterator[Network]:
        """Yield each network whose accuracy is known; cells may share originals."""
        shown = set()
        for original in self._originals():
            for network in (original, *original.variants):
                key = network.architecture_id, network.resolution
                if network.accuracy.mean is not None and key not in shown:
                    shown.add(key)
                    of = "" if network is original else "variant of "
                    yield Network.of(network, f"{of}original {original.member}")

    def _originals(self) -> Iterator[StudyOriginal]:
        yield from self.study.networks
        for cell in self.study.cells:
            yield from cell.networks
