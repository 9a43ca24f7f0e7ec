"""Networks as points of a plot: test accuracy as mean ± standard deviation over seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.schemas.study_results import StudyNetwork
from app.ui.plots.chart import Axis, Mark, Series
from app.ui.sentences import percent

MOST_TOLD: Final = 1_000
"""Points of a series that can be told apart by pointing at them."""
ACCURACY: Final = Axis("test accuracy", is_percent=True)


@dataclass(frozen=True)
class Network:
    """A network whose accuracy is known.

    ``link`` is its page, if a click is to lead there. ``seeds`` are the seed and the accuracy of
    each run, where these are known.
    """

    name: str
    link: str | None
    resolution: int
    params: int
    flops: int
    mean: float
    sd: float | None
    seeds: Sequence[tuple[int, float]] = ()

    @property
    def spread(self) -> tuple[float, float]:
        """The mean minus and plus one standard deviation."""
        return self.mean - (self.sd or 0.0), self.mean + (self.sd or 0.0)

    @property
    def told(self) -> str:
        """What a reader is shown at its point."""
        spread = "" if self.sd is None else f" ± {percent(self.sd)}"
        cost = f"{self.params:,} parameters, {self.flops:,} FLOPs"
        return f"{self.name}, {self.resolution} px: {percent(self.mean)}{spread}, {cost}"

    @classmethod
    def of(cls, network: StudyNetwork, name: str) -> "Network":
        """A network of a study that was tested."""
        path = "networks" if network.variant_id is None else "variants"
        return cls(
            name=name,
            link=f"/{path}/{network.variant_id or network.architecture_id}",
            resolution=network.resolution,
            params=network.params,
            flops=network.flops,
            mean=network.accuracy.mean or 0.0,
            sd=network.accuracy.sd,
        )


@dataclass(frozen=True)
class Look:
    """The colour and the mark of a series."""

    colour: int
    mark: Mark
    is_ramp: bool = False


def series(name: str, x: Sequence[float], networks: Sequence[Network], look: Look) -> Series:
    """Points with their intervals; a click on one leads to its page, unless there are many."""
    told = networks if len(networks) <= MOST_TOLD else ()
    return Series(
        name=name,
        x=x,
        y=[network.mean for network in networks],
        names=[network.told for network in told],
        links=[network.link for network in told if network.link is not None],
        low=[network.spread[0] for network in networks],
        high=[network.spread[1] for network in networks],
        mark=look.mark,
        colour=look.colour,
        is_ramp=look.is_ramp,
    )
