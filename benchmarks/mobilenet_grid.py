"""MobileNetV2's own grid, with equal budgets: ``python -m benchmarks.mobilenet_grid``.

MobileNetV2 was published with several width multipliers and resolutions. Pairs of these networks
cost about as much: a wide one for small images, and a narrow one for larger images. For each pair
a network for the larger images is sought that has exactly the parameters and the MACs of the wide
one, or else for the largest below: ``…_px``. ``…_percent`` is its largest change of a width.
``…_params`` and ``…_macs`` are what wide and narrow networks have.

Top-1 accuracies on ImageNet, in percent, are those published with the checkpoints:
https://github.com/tensorflow/models/tree/master/research/slim/nets/mobilenet
"""

from functools import cache
from typing import Final, NamedTuple

import torch

from benchmarks.timing import report
from benchmarks.whole_cases import Solved, hold_equal, request, solved
from solver.network.architecture import Architecture
from solver.network.counting import count
from solver.problem import Best, Settings, WholeObjective
from solver.variation.unknown import Range
from trainer.importing import from_module
from trainer.vision import models

PUBLISHED: Final = {
    (1.0, 224): 71.8,
    (1.0, 192): 70.7,
    (1.0, 160): 68.8,
    (1.0, 128): 65.3,
    (0.75, 224): 69.8,
    (0.75, 192): 68.7,
    (0.75, 160): 66.4,
    (0.75, 128): 63.2,
    (0.5, 224): 65.4,
    (0.5, 192): 63.9,
    (0.5, 160): 61.0,
    (0.5, 128): 57.7,
}
"""Top-1 accuracy by width multiplier and resolution."""
ABOUT_EQUAL: Final = 0.11
"""Two networks cost about as much if their MACs differ by no more than this share."""
RATIOS: Final = ((0.5, 2.0), (0.25, 4.0))
"""Bounds of widths: the wider are used where the narrower leave no answer."""
SECONDS: Final = 10.0
GOALS: Final = {"unanswered": "0"}


class Cell(NamedTuple):
    """One network of the grid."""

    multiplier: float
    resolution: int

    @property
    def key(self) -> str:
        """The network in the names of figures."""
        return f"{self.multiplier:g}x{self.resolution}"

    def __str__(self) -> str:
        return f"{self.multiplier:g} × {self.resolution} px"


@cache
def mobilenet(cell: Cell) -> Architecture:
    """The network of a cell."""
    own = imported(cell.multiplier).model_dump(mode="json", exclude_none=True)
    image = {"channels": 3, "resolution": cell.resolution}
    return Architecture.model_validate({**own, "name": f"mobilenet_v2 {cell}", "input": image})


@cache
def imported(multiplier: float) -> Architecture:
    """The network with a width multiplier, as torchvision builds it, for the largest images."""
    with torch.device("meta"):
        module = models.mobilenet_v2(width_mult=multiplier)
    return from_module(module, (3, 224, 224))


def pairs() -> list[tuple[Cell, Cell]]:
    """A wide network and a narrow one for larger images, with about equal MACs."""
    cells = [Cell(*it) for it in PUBLISHED]
    return [
        (wide, narrow)
        for wide in cells
        for narrow in cells
        if wide.multiplier > narrow.multiplier
        and wide.resolution < narrow.resolution
        and abs(_macs(narrow) / _macs(wide) - 1) <= ABOUT_EQUAL
    ]


def _macs(cell: Cell) -> int:
    return count(mobilenet(cell)).macs


def equal(wide: Cell, resolution: int) -> Solved | None:
    """The network with the wide one's parameters and MACs, if one is found.

    It is for images of this resolution or, where nothing is exactly equal, of the highest below.
    """
    for ratio in RATIOS:
        answer = _solved(wide, Range(resolution, resolution), ratio, "closest")
        if answer.row is not None:
            hold_equal(answer)
            return answer
    lower = Range(wide.resolution + 1, resolution - 1)
    below = _solved(wide, lower, RATIOS[-1], "max_resolution") if lower.low <= lower.high else None
    return None if below is None or below.row is None else equal(wide, below.row["N"])


def _solved(
    wide: Cell, resolutions: Range, ratio: tuple[float, float], best: WholeObjective
) -> Solved:
    asked = request(mobilenet(wide), *resolutions, 1)
    asked["widths"] = {"ratio": ratio}
    return solved(asked, Settings(find=Best(best=best, top=1), time_limit=SECONDS))


def measure(quick: bool) -> dict[str, float]:
    """Return all figures by name."""
    figures: dict[str, float] = {}
    unanswered = 0
    for wide, narrow in pairs()[: 2 if quick else None]:
        answer = equal(wide, narrow.resolution)
        unanswered += answer is None
        if answer is not None and answer.row is not None:
            key = f"{wide.key}_{narrow.key}"
            figures[f"{key}_px"] = answer.row["N"]
            figures[f"{key}_percent"] = 100 * (answer.change - 1)
        for cell in (wide, narrow):
            own = count(mobilenet(cell))
            figures |= {f"{cell.key}_params": own.params, f"{cell.key}_macs": own.macs}
    return figures | {"unanswered": unanswered}


if __name__ == "__main__":
    report("MobileNetV2's own grid", measure, GOALS)
