"""All charts of a job."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from app.ui.charts import accuracies
from app.ui.charts.capacity import capacity
from app.ui.charts.curves import learning_curves
from app.ui.charts.points import Network
from app.ui.experiment import Experiment, Row, rows_of
from app.ui.plots.chart import Chart

NO_LINKS: Final[Mapping[str, str]] = MappingProxyType({})


def charts(experiment: Experiment, links: Mapping[str, str] = NO_LINKS) -> Iterator[Chart]:
    """Yield the accuracies, the learning curves, and accuracy against what networks cost.

    ``links`` are where networks have pages, by their ids; a file that is mailed has none.
    """
    rows = rows_of(experiment)
    tested = [*_tested(rows, links)]
    if tested:
        yield accuracies.of_job(tested)
    curves = {row.label: experiment.curves[row.id] for row in rows if row.id in experiment.curves}
    if drawn := learning_curves(curves, {row.label: row.resolution for row in rows}):
        yield drawn
    yield from capacity(tested)


def _tested(rows: Sequence[Row], links: Mapping[str, str]) -> Iterator[Network]:
    """Yield the networks whose accuracy on the test split is known."""
    for row in rows:
        if row.mean is not None and row.params is not None and row.flops is not None:
            yield Network(
                name=row.label,
                link=links.get(row.id),
                resolution=row.resolution,
                params=row.params,
                flops=row.flops,
                mean=row.mean,
                sd=row.sd,
                seeds=row.seeds,
            )
