"""The paper's network, in which a study's grid sets fields unless the user gives another."""

from typing import Any

from app.experiments.catalogue import Dataset
from solver.network.architecture import Architecture


def lenet(dataset: Dataset) -> Architecture:
    """Two convolutions and two linear layers (Section 4), for a data set's images and classes.

    It is valid at every resolution, since a padded kernel of 3 keeps the size of its map.
    """
    convolution: dict[str, Any] = {
        "type": "conv2d",
        "out_channels": 10,
        "kernel_size": 3,
        "padding": 1,
        "bias": False,
    }
    layers = [
        convolution,
        {"type": "relu"},
        convolution,
        {"type": "dropout2d"},
        {"type": "relu"},
        {"type": "flatten"},
        {"type": "linear", "out_features": 50, "bias": False},
        {"type": "relu"},
        {"type": "dropout"},
        {"type": "linear", "out_features": dataset.classes, "bias": False},
    ]
    image = {"channels": dataset.channels, "resolution": dataset.resolution}
    return Architecture.model_validate({"name": "lenet", "input": image, "layers": layers})
