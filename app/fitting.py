"""Whether a network can be trained on a data set.

The service refuses what does not fit before a job is queued; the trainer asks again.
"""

from collections.abc import Iterator

from app.catalogue import Dataset
from solver.network.architecture import Architecture
from solver.network.counting import shapes
from solver.network.layers import BatchNorm2d


def misfits(architecture: Architecture, dataset: Dataset) -> Iterator[str]:
    """Say why a network cannot take a data set's images, or cannot be scored on their classes.

    A network is scored by one output for each class: features, or maps of one pixel, which are
    flattened. Resolutions are judged elsewhere: a control may go above the native one.
    """
    name, channels, classes = dataset.name, architecture.input.channels, dataset.classes
    if channels != dataset.channels:
        yield f"the network takes {channels} channels; the images of {name} have {dataset.channels}"
    outputs, *side = shapes(architecture)[-1]
    if any(pixels != 1 for pixels in side):
        yield (
            f"the network ends in {outputs} maps of {'×'.join(map(str, side))} pixels, but needs "
            f"one output for each of the {classes} classes of {name}: end it in a global pool, or "
            "in flatten and linear"
        )
    elif outputs != classes:
        yield f"the network has {outputs} outputs; {name} has {classes} classes"


def too_small(architecture: Architecture, batch: int) -> str | None:
    """Say why a network cannot be trained on a batch of so many images; ``None`` if it can.

    A batch norm of maps of one pixel takes its mean and its variance over images alone. One image
    leaves it nothing to normalise, and PyTorch refuses it.
    """
    for layer, shape in zip(architecture.layers, shapes(architecture), strict=False):
        if batch == 1 and isinstance(layer, BatchNorm2d) and shape[1:] == (1, 1):
            return (
                f"a batch of one image cannot train '{layer.name}': a batch norm of maps of one "
                "pixel needs two images or more"
            )
    return None
