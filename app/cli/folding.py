"""The layers of a network put together by blocks."""

from collections.abc import Sequence
from itertools import groupby

from solver.network.counting import LayerReport


def folded(layers: Sequence[LayerReport], depth: int) -> list[LayerReport]:
    """One row for each run of layers whose names begin with the same ``depth`` parts.

    A row has the output and receptive field of its last layer, and the sums of the costs.
    """
    blocks = groupby(layers, lambda layer: block_of(layer.name, depth))
    return [_together(name, list(block)) for name, block in blocks]


def block_of(name: str, depth: int) -> str:
    """The first ``depth`` parts of a layer's name."""
    return ".".join(name.split(".")[:depth])


def _together(name: str, block: Sequence[LayerReport]) -> LayerReport:
    if len(block) == 1:
        return block[0]
    return block[-1].model_copy(
        update={
            "name": name,
            "type": f"{len(block)} layers",
            "params": sum(layer.params for layer in block),
            "macs": sum(layer.macs for layer in block),
            "flops": sum(layer.flops for layer in block),
        }
    )
