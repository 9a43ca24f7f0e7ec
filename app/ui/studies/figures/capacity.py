"""Fig. 1: accuracy against parameters and FLOPs, for networks of several resolutions."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from app.schemas.studies import StudyView
from app.ui.studies.figures.style import RESOLUTIONS, Mark, in_percent, one_legend
from app.ui.studies.observations import at, resolutions_of


def capacity(study: StudyView) -> Figure:
    """A dot for each network, with the standard deviation over its seeds."""
    figure = Figure(figsize=(10, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, budget, title in ((left, "params", "parameters"), (right, "flops", "FLOPs")):
        _panel(axes, study, budget)
        axes.set_xlabel(title)
    left.set_ylabel("test accuracy (%)")
    one_legend(figure, (left,))
    return figure


def _panel(axes: Axes, study: StudyView, budget: str) -> None:
    axes.set_xscale("log")
    for number, resolution in enumerate(resolutions_of(study.networks)):
        networks = at(study.networks, resolution)
        colour, shape = RESOLUTIONS[number % len(RESOLUTIONS)]
        axes.errorbar(
            [getattr(network, budget) for network in networks],
            [network.accuracy.mean or 0.0 for network in networks],
            yerr=[network.accuracy.sd or 0.0 for network in networks],
            **Mark(f"{resolution} px", colour, shape).drawn,
            markersize=4.5,
            elinewidth=0.8,
            alpha=0.8,
        )
    in_percent(axes)
