"""All charts of a job."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from app.ui.charts import accuracies
from app.ui.charts.capacity import capacity
from app.ui.charts.curves import Curves, learning_curves
from app.ui.charts.points import Network
from app.ui.experiment import Row
from app.ui.plots.chart import Chart

NO_LINKS: Final[Mapping[str, str]] = MappingProxyType({})


def charts(
    rows: Sequence[Row], curves: Curves, links: Mapping[str, str] = NO_LINKS
) -> Iterator[Chart]:
    """Yield the accuracies, the learning curves, and accuracy against what networks cost.

    ``curves`` are those of networks by their ids. ``links`` are where networks have pages, in the
    same way; a file that is mailed has none.
    """
    tested = [*_tested(rows, links)]
    if tested:
        yield accuracies.of_job(tested)
    by_label = {row.label: curves[row.id] for row in rows if row.id in curves}
    if drawn := learning_curves(by_label, {row.label: row.resolution for row in rows}):
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
