"""Layer types, one class each: fields, rules, shape, cost, window and width groups.

A new type is a class here (or in any module that is imported), a line in ``trainer.networks`` and
one in ``solver.source.rules``.
"""

from solver.network.layers.base import LAYERS, Layer, Number, Shape, Weighted, elements, larger
from solver.network.layers.joins import Add, ChannelShuffle, Chunk, Concat, Join, Mul
from solver.network.layers.resizing import AdaptiveAvgPool2d, Flatten, GlobalAvgPool2d, Linear
from solver.network.layers.simple import (
    ELU,
    GELU,
    Activation,
    BatchNorm1d,
    BatchNorm2d,
    Dropout,
    Dropout2d,
    Hardsigmoid,
    Hardswish,
    Identity,
    LayerNorm,
    LeakyReLU,
    LogSoftmax,
    Norm,
    ReLU,
    ReLU6,
    Scale,
    Sigmoid,
    SiLU,
    Softmax,
    Tanh,
)
from solver.network.layers.windows import (
    AvgPool2d,
    Conv2d,
    MaxPool2d,
    Pool2d,
    Sliding,
    Window,
    ZeroPad2d,
)

__all__ = [
    "ELU", "GELU", "LAYERS", "Activation", "AdaptiveAvgPool2d", "Add", "AvgPool2d", "BatchNorm1d",
    "BatchNorm2d", "ChannelShuffle", "Chunk", "Concat", "Conv2d", "Dropout", "Dropout2d",
    "Flatten", "GlobalAvgPool2d", "Hardsigmoid", "Hardswish", "Identity", "Join", "Layer",
    "LayerNorm", "LeakyReLU", "Linear", "LogSoftmax", "MaxPool2d", "Mul", "Norm", "Number",
    "Pool2d", "ReLU", "ReLU6", "Scale", "Shape", "SiLU", "Sigmoid", "Sliding", "Softmax", "Tanh",
    "Weighted", "Window", "ZeroPad2d", "elements", "larger",
]  # fmt: skip
