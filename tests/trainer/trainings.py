"""Trainings of small networks on a CPU, and networks with layers of many types."""

from collections.abc import Sequence
from typing import Any

import torch

from app.experiments.recipes import Recipe
from solver.network.architecture import Architecture
from tests.trainer.factories import architecture, images
from trainer.images import Images, fitted
from trainer.train import Training

CPU = torch.device("cpu")

EVERY_LAYER = [
    {
        "type": "conv2d",
        "out_channels": 4,
        "kernel_size": 3,
        "padding": 2,
        "dilation": 2,
        "bias": False,  # before a batch norm its gradient is rounding alone
    },
    {"type": "batch_norm2d"},
    {"type": "relu"},
    {"type": "max_pool2d", "kernel_size": 2, "stride": 1},
    {"type": "conv2d", "out_channels": 6, "kernel_size": 3, "groups": 2, "bias": False},
    {"type": "relu"},
    {"type": "avg_pool2d", "kernel_size": 2, "padding": 1},
    {"type": "conv2d", "out_channels": 5, "kernel_size": 1, "stride": 2},
    {"type": "relu"},
    {"type": "global_avg_pool2d"},
    {"type": "flatten"},
    {"type": "linear", "out_features": 7},
    {"type": "relu"},
    {"type": "linear", "out_features": 10, "bias": False},
]

RESIDUAL: list[dict[str, Any]] = [
    {"type": "conv2d", "out_channels": 6, "kernel_size": 3, "padding": "same", "name": "stem"},
    {"type": "relu"},
    {"type": "max_pool2d", "kernel_size": 2, "name": "pooled"},
    {"type": "conv2d", "out_channels": 6, "kernel_size": 3, "padding": 1, "groups": 6},
    {"type": "layer_norm"},
    {"type": "conv2d", "out_channels": 6, "kernel_size": 1, "name": "block"},
    {"type": "add", "inputs": ["block", "pooled"]},
    {"type": "relu", "name": "sum"},
    {"type": "global_avg_pool2d"},
    {"type": "conv2d", "out_channels": 6, "kernel_size": 1, "shares": "block"},
    {"type": "sigmoid", "name": "gate"},
    {"type": "mul", "inputs": ["sum", "gate"]},
    {"type": "conv2d", "out_channels": 10, "kernel_size": 6},
]


def in_training(
    network: Architecture | None = None,
    data: Images | None = None,
    *,
    seeds: Sequence[int] = (0,),
    epochs: int = 2,
    batch_size: int = 10,
    **overrides: Any,
) -> Training:
    network = network or architecture()
    recipe = Recipe.model_validate({"epochs": epochs, "batch_size": batch_size, **overrides})
    data = fitted(data or images(), network)
    torch.set_num_threads(1)
    return Training(network, data, recipe, seeds=seeds, device=CPU)
