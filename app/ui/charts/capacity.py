"""Fig. 1's view: accuracy against parameters and FLOPs, coloured by resolution."""

from collections.abc import Iterator, Sequence
from typing import Final

from app.ui.charts.colours import ramp
from app.ui.charts.points import ACCURACY, Network, series
from app.ui.plots.chart import Axis, Chart

COSTS: Final = {"params": "parameters", "flops": "FLOPs"}


def capacity(networks: Sequence[Network]) -> Iterator[Chart]:
    """Yield a chart for each cost in which the networks differ; an equal budget is no axis."""
    sides = ramp(network.resolution for network in networks)
    by_side = {side: [it for it in networks if it.resolution == side] for side in sides}
    for cost, name in COSTS.items():
        if len({getattr(network, cost) for network in networks}) > 1:
            yield Chart(
                title=f"Test accuracy against {name}: mean ± sd over seeds",
                x=Axis(name, scale="log", is_whole=True),
                y=ACCURACY,
                series=[
                    series(f"{side} px", [getattr(it, cost) for it in some], some, sides[side])
                    for side, some in by_side.items()
                ],
            )
