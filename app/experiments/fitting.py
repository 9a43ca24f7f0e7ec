"""Whether a network can be trained on a data set.

The service refuses what does not fit before a job is queued; the trainer checks again.
"""

from collections.abc import Iterator

from app.experiments.catalogue import Dataset
from solver.network.architecture import Architecture
from solver.network.counting import walk
from solver.network.layers import BatchNorm1d, BatchNorm2d, Flatten, Identity, Softmax


def misfits(architecture: Architecture, dataset: Dataset) -> Iterator[str]:
    """Say why a network cannot take a data set's images, or cannot be scored on their classes.

    A network is scored by one output for each class: features, or maps of one pixel, which are
    flattened. Resolutions are judged elsewhere: a control may go above the native one.
    """
    name, classes = dataset.name, dataset.classes
    channels, height, width = architecture.input.shape
    if channels != dataset.channels:
        yield f"the network takes {channels} channels; the images of {name} have {dataset.channels}"
    if height != width:
        yield (
            f"the network takes images of {height}×{width} pixels; those of {name} are squares, as "
            "those of every data set here"
        )
    outputs, *sides = walk(architecture).shapes[-1]
    if any(side != 1 for side in sides):
        yield (
            f"the network ends in {outputs} maps of {'×'.join(map(str, sides))} pixels, but needs "
            f"one output for each of the {classes} classes of {name}: end it in a global pool, or "
            "in flatten and linear"
        )
    elif outputs != classes:
        yield f"the network has {outputs} outputs; {name} has {classes} classes"


def too_small(architecture: Architecture, batch: int) -> str | None:
    """Say why a network cannot be trained on a ``batch`` of this size; ``None`` if it can.

    A batch norm of maps of one pixel, or of features, takes its mean and its variance over images
    alone. One image leaves it nothing to normalise, and PyTorch refuses it.
    """
    if batch > 1:
        return None
    walked = walk(architecture)
    for place, layer in enumerate(architecture.layers):
        if isinstance(layer, BatchNorm1d | BatchNorm2d):
            _, *sides = walked.inputs(place)[0]
            if all(side == 1 for side in sides):
                return (
                    f"a batch of one image cannot train '{layer.name}': a batch norm of maps of "
                    "one pixel, or of features, needs two images or more"
                )
    return None


def remarks(architecture: Architecture) -> Iterator[str]:
    """Say what a user may want to know about the training of a network."""
    place = len(architecture.layers) - 1
    while place >= 0 and isinstance(architecture.layers[place], Flatten | Identity):
        place = architecture.links[place][0] - 1
    if place >= 0 and isinstance(last := architecture.layers[place], Softmax):
        yield (
            f"the loss takes a softmax of the outputs, which '{last.name}' has taken already: the "
            "network learns slower than without that layer"
        )
