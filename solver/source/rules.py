"""How each layer type is written in PyTorch: one line for each type.

Your own types are added to :data:`RULES`, too. A module that PyTorch does not have is a class in
:data:`HELPERS`, which files that use it contain.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from solver.network import layers
from solver.network.layers import Layer, Shape
from solver.source.printing import Call, Chain, Expression, Items

Value: TypeAlias = Any
"""The value of an argument: a number, a flag, a word, or a tuple of numbers."""


class Argument(NamedTuple):
    """An argument of a module's constructor.

    Attributes
    ----------
    default
        PyTorch's default; an argument that has this value is left out. ``None`` if there is none.
    """

    name: str
    value: Value
    default: Value = None
    is_positional: bool = False


class Module(NamedTuple):
    """A module of PyTorch, or one of :data:`HELPERS`."""

    function: str
    arguments: Sequence[Argument] = ()


class Rule(NamedTuple):
    """How a layer type is written: as a module, as an expression, or as either.

    Attributes
    ----------
    module
        Makes the module from the layer and the shapes that it reads.
    inline
        Makes the expression from the layer and the variables that it reads. A layer that has both
        is a module only inside ``nn.Sequential``.
    starts
        Whether it begins a line of ``forward``, as convolutions do. Others, such as activations,
        are applied to the line before if that fits.
    """

    module: Callable[[Any, Sequence[Shape]], Module] | None = None
    inline: Callable[[Any, Sequence[str]], Expression] | None = None
    starts: bool = False


def _first(name: str, value: Value, default: Value = None) -> Argument:
    return Argument(name, value, default, is_positional=True)


def _bare(name: str) -> Rule:
    """A module of ``torch.nn`` that takes no arguments."""
    return Rule(lambda _layer, _read: Module(f"nn.{name}"))


def _module(name: str, *arguments: tuple[str, Value]) -> Rule:
    """A module of ``torch.nn`` whose arguments are fields of the layer, with their defaults."""
    return Rule(
        lambda layer, _read: Module(
            f"nn.{name}", [_first(it, getattr(layer, it), default) for it, default in arguments]
        )
    )


def _norm(name: str) -> Rule:
    return Rule(
        lambda layer, read: Module(
            f"nn.{name}",
            [
                _first("num_features", read[0][0]),
                Argument("eps", layer.eps, 1e-5),
                Argument("affine", layer.affine, True),
            ],
        )
    )


def _pool(name: str) -> Rule:
    return Rule(
        lambda layer, _read: Module(
            f"nn.{name}",
            [
                Argument("kernel_size", layer.kernel_size),
                Argument("stride", layer.stride, layer.kernel_size),
                Argument("padding", layer.padding, 0),
                Argument("dilation", getattr(layer, "dilation", 1), 1),
                Argument("ceil_mode", layer.ceil_mode, False),
                Argument("count_include_pad", getattr(layer, "count_include_pad", True), True),
            ],
        )
    )


def _convolution(layer: layers.Conv2d, read: Sequence[Shape]) -> Module:
    return Module(
        "nn.Conv2d",
        [
            _first("in_channels", read[0][0]),
            _first("out_channels", layer.out_channels),
            Argument("kernel_size", layer.kernel_size),
            Argument("stride", layer.stride, 1),
            Argument("padding", layer.padding, 0),
            Argument("dilation", layer.dilation, 1),
            Argument("groups", layer.groups, 1),
            Argument("bias", layer.bias, True),
        ],
    )


def _linear(layer: layers.Linear, read: Sequence[Shape]) -> Module:
    return Module(
        "nn.Linear",
        [
            _first("in_features", read[0][0]),
            _first("out_features", layer.out_features),
            Argument("bias", layer.bias, True),
        ],
    )


def _layer_norm(layer: layers.LayerNorm, read: Sequence[Shape]) -> Module:
    is_flat = all(len(shape) == 1 for shape in read)
    return Module(
        "nn.LayerNorm" if is_flat else "ChannelNorm",
        [
            _first("normalized_shape", read[0][0]),
            Argument("eps", layer.eps, 1e-5),
            Argument("elementwise_affine", layer.affine, True),
        ],
    )


def _concat(_: Layer, names: Sequence[str]) -> Expression:
    return Call("torch.cat", [("", Items(names)), ("dim", "1")])


RULES: Final[dict[type[Layer], Rule]] = {
    layers.Conv2d: Rule(_convolution, starts=True),
    layers.Linear: Rule(_linear, starts=True),
    layers.MaxPool2d: _pool("MaxPool2d"),
    layers.AvgPool2d: _pool("AvgPool2d"),
    layers.AdaptiveAvgPool2d: _module("AdaptiveAvgPool2d", ("output_size", None)),
    layers.GlobalAvgPool2d: Rule(
        lambda _, __: Module("nn.AdaptiveAvgPool2d", [_first("output_size", 1)])
    ),
    layers.ZeroPad2d: _module("ZeroPad2d", ("padding", None))._replace(starts=True),
    layers.Flatten: Rule(
        lambda _, __: Module("nn.Flatten"), lambda _, names: f"torch.flatten({names[0]}, 1)"
    ),
    layers.BatchNorm2d: _norm("BatchNorm2d"),
    layers.BatchNorm1d: _norm("BatchNorm1d"),
    layers.LayerNorm: Rule(_layer_norm),
    layers.Scale: Rule(lambda _, read: Module("Scale", [_first("channels", read[0][0])])),
    layers.Add: Rule(inline=lambda _, names: Chain("+", names), starts=True),
    layers.Mul: Rule(inline=lambda _, names: Chain("*", names), starts=True),
    layers.Concat: Rule(inline=_concat, starts=True),
    layers.Chunk: Rule(
        inline=lambda it, names: f"torch.chunk({names[0]}, {it.chunks}, dim=1)[{it.index}]",
        starts=True,
    ),
    layers.ChannelShuffle: Rule(
        lambda it, _: Module("ChannelShuffle", [_first("groups", it.groups)])
    ),
    layers.Dropout: _module("Dropout", ("p", 0.5)),
    layers.Dropout2d: _module("Dropout2d", ("p", 0.5)),
    layers.Identity: _bare("Identity"),
    layers.ReLU: _bare("ReLU"),
    layers.ReLU6: _bare("ReLU6"),
    layers.LeakyReLU: _module("LeakyReLU", ("negative_slope", 0.01)),
    layers.ELU: _module("ELU", ("alpha", 1.0)),
    layers.SiLU: _bare("SiLU"),
    layers.GELU: _bare("GELU"),
    layers.Hardswish: _bare("Hardswish"),
    layers.Hardsigmoid: _bare("Hardsigmoid"),
    layers.Sigmoid: _bare("Sigmoid"),
    layers.Tanh: _bare("Tanh"),
    layers.Softmax: Rule(lambda _, __: Module("nn.Softmax", [Argument("dim", 1)])),
    layers.LogSoftmax: Rule(lambda _, __: Module("nn.LogSoftmax", [Argument("dim", 1)])),
}
"""How each layer type is written, one line a type."""

HELPERS: Final[dict[str, str]] = {
    "ChannelNorm": '''\
class ChannelNorm(nn.LayerNorm):
    """A layer norm over the channels of each pixel."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)
''',
    "ChannelShuffle": '''\
class ChannelShuffle(nn.Module):
    """Takes one channel of each group in turn."""

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, x: Tensor) -> Tensor:
        grouped = x.unflatten(1, (self.groups, -1))
        return grouped.transpose(1, 2).flatten(1, 2)
''',
    "Scale": '''\
class Scale(nn.Module):
    """A learned factor for each channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        return (x.movedim(1, -1) * self.weight).movedim(-1, 1)
''',
}
"""Modules that PyTorch does not have, as source."""


def rule_of(layer: Layer) -> Rule:
    """The rule of a layer's type.

    Raises
    ------
    NotImplementedError
        The type is not in :data:`RULES`.
    """
    rule = RULES.get(type(layer))
    if rule is None:
        raise NotImplementedError(f"solver.source.rules.RULES has no line for '{layer.type}'")
    return rule


def literal(value: Value) -> str:
    """A value as ruff writes it."""
    return f'"{value}"' if isinstance(value, str) else repr(value)
