"""Small networks and data, with good defaults."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from app.experiments.catalogue import Dataset
from solver.network.architecture import Architecture
from trainer.images import Images, Split

SMALL_LAYERS: list[dict[str, Any]] = [
    {"type": "conv2d", "out_channels": 4, "kernel_size": 3},
    {"type": "batch_norm2d"},
    {"type": "relu"},
    {"type": "flatten"},
    {"type": "dropout", "p": 0.5},
    {"type": "linear", "out_features": 10},
]


CACHE_KEY = {"content": "abc", "resolution": 5}


def resnet8(resolution: int = 8, widths: Sequence[int] = (16, 32, 64)) -> dict[str, Any]:
    """A ResNet for small images: three stages of one block, a global pool, a linear layer."""
    stem = _convolution("conv1", widths[0]) | {"inputs": ["input"]}
    layers = [stem, _norm("bn1"), {"name": "relu1", "type": "relu"}]
    before = "relu1"
    for number, width in enumerate(widths):
        block, stride = f"layer{number + 1}.0", min(number, 1) + 1
        layers += [
            _convolution(f"{block}.conv1", width, stride) | {"inputs": [before]},
            _norm(f"{block}.bn1"),
            {"name": f"{block}.relu1", "type": "relu"},
            _convolution(f"{block}.conv2", width),
            _norm(f"{block}.bn2"),
        ]
        if number:
            narrow = {"kernel_size": 1, "padding": 0, "inputs": [before]}
            layers += [
                _convolution(f"{block}.downsample.0", width, stride) | narrow,
                _norm(f"{block}.downsample.1"),
            ]
            before = f"{block}.downsample.1"
        layers += [
            {"name": f"{block}.add", "type": "add", "inputs": [f"{block}.bn2", before]},
            {"name": f"{block}.relu2", "type": "relu"},
        ]
        before = f"{block}.relu2"
    end = (
        {"type": "global_avg_pool2d"},
        {"type": "flatten"},
        {"type": "linear", "out_features": 10},
    )
    image = {"channels": 1, "resolution": resolution}
    return {"name": "resnet-8", "input": image, "layers": [*layers, *end]}


def _convolution(name: str, out_channels: int, stride: int = 1) -> dict[str, Any]:
    return {
        "name": name,
        "type": "conv2d",
        "out_channels": out_channels,
        "kernel_size": 3,
        "stride": stride,
        "padding": 1,
        "bias": False,
    }


def _norm(name: str) -> dict[str, Any]:
    return {"name": name, "type": "batch_norm2d"}


def architecture(
    layers: list[dict[str, Any]] = SMALL_LAYERS, resolution: int = 8, channels: int = 1
) -> Architecture:
    return Architecture.model_validate(
        {"input": {"channels": channels, "resolution": resolution}, "layers": layers}
    )


def split(
    size: int = 20, channels: int = 1, resolution: int = 8, images_NCHW: Tensor | None = None
) -> Split:
    if images_NCHW is None:
        generator = torch.Generator().manual_seed(size)
        shape = (size, channels, resolution, resolution)
        images_NCHW = torch.randint(256, shape, dtype=torch.uint8, generator=generator)
    return Split(images_NCHW, torch.arange(len(images_NCHW)) % 10)


def images(channels: int = 1, resolution: int = 8) -> Images:
    dataset = Dataset(
        name="made", resolution=resolution, channels=channels, classes=10, version="1"
    )
    train, validation, test = (split(size, channels, resolution) for size in (50, 10, 20))
    return Images(dataset, resolution, train, validation, test)


def tensors(seed: int = 0) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(256, (40, 3, 5, 5), dtype=torch.uint8, generator=generator)
    return {"images": images, "labels": torch.arange(40)}


def equal(one: dict[str, Tensor] | None, other: dict[str, Tensor]) -> bool:
    assert one is not None
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)
