"""MobileNetV2's own grid, with equal budgets: ``python -m benchmarks.mobilenet_grid``.

MobileNetV2 was published with several width multipliers and resolutions. Pairs of these networks
cost about as much: a wide one for small images, and a narrow one for larger images. For each pair
this prints, as rows of a Markdown table, the network for the larger images that has exactly the
parameters and the MACs of the wide one.

Top-1 accuracies on ImageNet, in percent, are those published with the checkpoints:
https://github.com/tensorflow/models/tree/master/research/slim/nets/mobilenet
"""

from functools import cache
from typing import Any, Final, NamedTuple

import torch

from benchmarks.whole_cases import Solved, hold_equal, request, solved
from solver.network.architecture import Architecture
from solver.network.counting import count
from solver.problem import Best, Settings
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
HEADER: Final = (
    "| wide network | published top-1 | narrow network | published top-1 | MACs | parameters "
    "| with equal budgets | largest change |\n|---|---|---|---|---|---|---|---|"
)


class Cell(NamedTuple):
    """One network of the grid."""

    multiplier: float
    resolution: int

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
    """The network for larger images with the wide one's parameters and MACs, if one is found."""
    for ratio in RATIOS:
        asked: dict[str, Any] = request(mobilenet(wide), resolution, resolution, 1)
        asked["widths"] = {"ratio": ratio}
        answer = solved(asked, Settings(find=Best(best="closest", top=1), time_limit=SECONDS))
        if answer.row is not None:
            hold_equal(answer)
            return answer
    return None


def line(wide: Cell, narrow: Cell) -> str:
    """One row of the table."""
    mine, other = count(mobilenet(wide)), count(mobilenet(narrow))
    answer = equal(wide, narrow.resolution)
    macs, params = other.macs / mine.macs - 1, other.params / mine.params - 1
    cells = [
        str(wide),
        f"{PUBLISHED[wide]} %",
        str(narrow),
        f"{PUBLISHED[narrow]} %",
        f"{mine.macs:,}; the narrow one {100 * macs:+.1f} %",
        f"{mine.params:,}; the narrow one {100 * params:+.1f} %",
        f"at {narrow.resolution} px, both exactly" if answer else "none found",
        f"×{answer.change:.3f}" if answer else "",
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    print(HEADER)
    for pair in pairs():
        print(line(*pair), flush=True)
