"""Networks as PyTorch modules, built from their JSON layer by layer, by PyTorch's rules alone.

Nothing of the solver is used, so that what it counts is held against what PyTorch builds.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Any, Final

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

Body = dict[str, Any]
"""An architecture, or a layer, as JSON."""
Made = Callable[[Sequence[torch.Tensor]], torch.Tensor]


class LayerNorm(nn.Module):
    """Over the channels of each position."""

    def __init__(self, channels: int, affine: bool) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels, elementwise_affine=affine)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        normed: torch.Tensor = self.norm(x.movedim(1, -1)).movedim(-1, 1)
        return normed


class Scale(nn.Module):
    """A learned factor a channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.ones(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.factor.reshape(1, -1, *[1] * (x.ndim - 2))


ACTIVATIONS: Final[dict[str, Callable[[], nn.Module]]] = {
    "relu": nn.ReLU, "relu6": nn.ReLU6, "leaky_relu": nn.LeakyReLU, "elu": nn.ELU,
    "silu": nn.SiLU, "gelu": nn.GELU, "hardswish": nn.Hardswish, "hardsigmoid": nn.Hardsigmoid,
    "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "softmax": lambda: nn.Softmax(1),
    "log_softmax": lambda: nn.LogSoftmax(1), "identity": nn.Identity, "flatten": nn.Flatten,
    "global_avg_pool2d": lambda: nn.AdaptiveAvgPool2d(1), "dropout": nn.Dropout,
    "dropout2d": nn.Dropout2d,
}  # fmt: skip
"""What needs nothing but its name."""


def pair(size: Any) -> Any:
    """A size as PyTorch takes it."""
    return tuple(size) if isinstance(size, list | tuple) else size


def module(layer: Body, channels: int) -> nn.Module:
    """The module of a layer that reads so many channels."""
    kind, affine = layer["type"], layer.get("affine", True)
    if kind in ACTIVATIONS:
        return ACTIVATIONS[kind]()
    match kind:
        case "conv2d":
            return nn.Conv2d(
                channels,
                layer["out_channels"],
                pair(layer["kernel_size"]),
                stride=pair(layer.get("stride", 1)),
                padding=pair(layer.get("padding", 0)),
                dilation=pair(layer.get("dilation", 1)),
                groups=layer.get("groups", 1),
                bias=layer.get("bias", True),
            )
        case "linear":
            return nn.Linear(channels, layer["out_features"], bias=layer.get("bias", True))
        case "max_pool2d":
            return nn.MaxPool2d(
                pair(layer["kernel_size"]),
                stride=pair(layer.get("stride")),
                padding=pair(layer.get("padding", 0)),
                dilation=pair(layer.get("dilation", 1)),
                ceil_mode=layer.get("ceil_mode", False),
            )
        case "avg_pool2d":
            return nn.AvgPool2d(
                pair(layer["kernel_size"]),
                stride=pair(layer.get("stride")),
                padding=pair(layer.get("padding", 0)),
                ceil_mode=layer.get("ceil_mode", False),
            )
        case "adaptive_avg_pool2d":
            return nn.AdaptiveAvgPool2d(pair(layer["output_size"]))
        case "zero_pad2d":
            return nn.ZeroPad2d(pair(layer["padding"]))
        case "batch_norm2d":
            return nn.BatchNorm2d(channels, affine=affine)
        case "batch_norm1d":
            return nn.BatchNorm1d(channels, affine=affine)
        case "layer_norm":
            return LayerNorm(channels, affine)
        case "scale":
            return Scale(channels)
        case "channel_shuffle":
            return nn.ChannelShuffle(layer["groups"])
        case _:
            raise AssertionError(f"{kind} has no module here")


def joined(layer: Body, inputs: Sequence[torch.Tensor]) -> torch.Tensor | None:
    """What layers without a module make; ``None`` for all others."""
    first, *others = inputs
    match layer["type"]:
        case "add":
            return sum(others, start=first)
        case "mul":
            for other in others:
                first = first * other
            return first
        case "concat":
            return torch.cat(list(inputs), 1)
        case "chunk":
            return torch.chunk(first, layer["chunks"], 1)[layer["index"]]
        case _:
            return None


class Network(nn.Module):
    """A network of an architecture's layers; modules are made when they are first run.

    Attributes
    ----------
    outputs
        The tensors of the last run, by layer names and by ``input``.
    """

    def __init__(self, architecture: Body) -> None:
        super().__init__()
        self.layers: Sequence[Body] = architecture["layers"]
        self.of_layer = nn.ModuleDict()
        self.outputs: dict[str, torch.Tensor] = {}

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.outputs = {"input": images}
        last = "input"
        for layer in self.layers:
            inputs = [self.outputs[name] for name in layer.get("inputs") or [last]]
            made = joined(layer, inputs)
            if made is None:
                made = self._module(layer, inputs[0].shape[1])(inputs[0])
            last = layer["name"]
            self.outputs[last] = made
        return self.outputs[last]

    def _module(self, layer: Body, channels: int) -> nn.Module:
        """One for each layer; that of another layer where its weights are shared."""
        key = (layer.get("shares") or layer["name"]).replace(".", "/")
        if key not in self.of_layer:
            self.of_layer[key] = module(layer, channels).eval()
        return self.of_layer[key]

    @property
    def params(self) -> int:
        """Learned numbers, each once."""
        return sum(parameter.numel() for parameter in self.parameters())


def image_of(architecture: Body) -> tuple[int, int, int]:
    """Channels, height and width."""
    image = architecture["input"]
    side = image.get("resolution")
    return image["channels"], image.get("height") or side, image.get("width") or side


def run(architecture: Body) -> tuple[Network, int]:
    """Run a network once, without numbers, and count its multiply-adds."""
    with torch.device("meta"), torch.no_grad():
        return _run(Network(architecture), torch.empty(1, *image_of(architecture)))


def _run(network: Network, images: torch.Tensor) -> tuple[Network, int]:
    with FlopCounterMode(display=False) as counter, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Using padding='same' with even kernel lengths")
        network(images)
    assert counter.get_total_flops() % 2 == 0
    return network, counter.get_total_flops() // 2


def rows_that_reach(architecture: Body) -> dict[str, list[set[int]]]:
    """For each row of each layer's output, the rows of the image that it depends on.

    A row of the image is made unknown (NaN), and so becomes what depends on it. Vectors have none.
    """
    _, height, _ = image_of(architecture)
    network = Network(architecture).eval()
    found: dict[str, list[set[int]]] = {}
    for row in range(height):
        images = torch.zeros(1, *image_of(architecture))
        images[:, :, row] = torch.nan
        with torch.no_grad():
            _run(network, images)
        for name, made in network.outputs.items():
            unknown = made.isnan().any(dim=3).any(dim=1)[0].tolist() if made.ndim == 4 else []
            of_layer = found.setdefault(name, [set() for _ in unknown])
            for rows, is_unknown in zip(of_layer, unknown, strict=True):
                rows |= {row} if is_unknown else set()
    return found
