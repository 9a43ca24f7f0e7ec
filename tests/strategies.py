"""Hypothesis strategies: small architectures of every kind of layer."""

from collections.abc import Iterator
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from solver.approaches import APPROACHES
from solver.network.architecture import Architecture
from solver.network.layers import (
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Dropout2d,
    Flatten,
    GlobalAvgPool2d,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
    Shape,
    Window,
)


@st.composite
def architectures(
    draw: st.DrawFn,
    max_resolution: int = 16,
    max_channels: int = 3,
    max_map_layers: int = 6,
    classes: int | None = None,
) -> Architecture:
    """Draw a valid architecture: layers of maps, a flatten layer, one to three linear ones."""
    resolution = draw(st.integers(4, max_resolution))
    channels = draw(st.integers(1, max_channels))
    shape: Shape = (channels, resolution, resolution)
    layers: list[Layer] = []
    for _ in range(draw(st.integers(0, max_map_layers))):
        layers.append(draw(map_layers(shape)))
        shape = layers[-1].output([shape])
    return Architecture.model_validate(
        {
            "input": {"channels": channels, "resolution": resolution},
            "layers": [*layers, *_head(draw, classes)],
        }
    )


def map_layers(shape: Shape) -> st.SearchStrategy[Any]:
    """Draw one layer that fits maps of this shape."""
    channels, side, _ = shape
    plain = st.sampled_from([BatchNorm2d(), ReLU(), Dropout2d(p=0.2), Dropout(p=0.2)])
    return st.one_of(
        convolutions(channels, side),
        pools(side),
        plain,
        st.just(GlobalAvgPool2d()),
    )


@st.composite
def convolutions(draw: st.DrawFn, channels: int, side: int) -> Conv2d:
    """Draw a convolution, maybe grouped, dilated, strided and padded, that fits its input."""
    groups = draw(st.sampled_from([n for n in range(1, channels + 1) if channels % n == 0]))
    padding = draw(st.integers(0, 2))
    dilation = draw(st.integers(1, 3))
    largest = (side + 2 * padding - 1) // dilation + 1
    return Conv2d(
        out_channels=groups * draw(st.integers(1, 4)),
        kernel_size=draw(st.integers(1, min(5, largest))),
        stride=draw(st.integers(1, 3)),
        padding=padding,
        dilation=dilation,
        groups=groups,
        bias=draw(st.booleans()),
    )


@st.composite
def pools(draw: st.DrawFn, side: int) -> MaxPool2d | AvgPool2d:
    """Draw a pool that fits its input, its stride given or not."""
    kernel_size = draw(st.integers(1, min(4, side)))
    values = {
        "kernel_size": kernel_size,
        "stride": draw(st.none() | st.integers(1, 3)),
        "padding": draw(st.integers(0, kernel_size // 2)),
    }
    if draw(st.booleans()):
        return MaxPool2d.model_validate(values)
    return AvgPool2d.model_validate(values)


def _head(draw: st.DrawFn, classes: int | None) -> Iterator[Layer]:
    yield Flatten()
    for _ in range(draw(st.integers(0, 2))):
        yield Linear(out_features=draw(st.integers(1, 12)), bias=draw(st.booleans()))
        yield Dropout(p=0.2) if draw(st.booleans()) else ReLU()
    features = classes or draw(st.integers(1, 12))
    yield Linear(out_features=features, bias=draw(st.booleans()))


@st.composite
def two_convolutions(draw: st.DrawFn) -> Architecture:
    """Draw a network for Approach IV: small, with anything around its first two convolutions."""
    resolution, channels = draw(st.integers(3, 8)), draw(st.integers(1, 3))
    shape: Shape = (channels, resolution, resolution)
    layers: list[Layer] = []
    for kind in draw(_orders()):
        _, side, _ = shape
        layer = convolutions(shape[0], side) if kind == "convolution" else between(side)
        layers.append(draw(layer))
        shape = layers[-1].output([shape])
    head = list(_head(draw, None)) if draw(st.booleans()) else []
    original = Architecture.model_validate(
        {
            "input": {"channels": channels, "resolution": resolution},
            "layers": [*layers, *head],
        }
    )
    assume(APPROACHES["IV"].misfit(original) is None)
    return original


def _orders() -> st.SearchStrategy[list[str]]:
    """Draw where the convolutions stand: two of them at least."""
    parts = (
        st.lists(st.just("other"), max_size=1),
        st.just(["convolution"]),
        st.lists(st.just("other"), max_size=2),
        st.just(["convolution"]),
        st.lists(st.sampled_from(["other", "convolution"]), max_size=2),
    )
    return st.tuples(*parts).map(lambda drawn: [kind for part in drawn for kind in part])


def between(side: int) -> st.SearchStrategy[Any]:
    """Draw a layer of maps that is no convolution."""
    plain = st.sampled_from([BatchNorm2d(), ReLU(), Dropout2d(p=0.2)])
    return st.one_of(plain, pools(side), st.just(GlobalAvgPool2d()))


def windows_of_convolutions(original: Architecture) -> list[Window]:
    """The windows of the convolutions, along both axes."""
    return [layer.along(0) for layer in original.layers if isinstance(layer, Conv2d)]


@st.composite
def small_ranges(draw: st.DrawFn, original: Architecture) -> dict[str, tuple[int, int]]:
    """Draw ranges for Approach IV that plain loops get through.

    They hold the change that keeps every map, where no pool stands before the first convolution:
    a kernel larger by one, and an input larger by its dilation.
    """
    first, second = windows_of_convolutions(original)[:2]

    def around(*values: int, least: int = 1, most: int = 1) -> tuple[int, int]:
        low, high = draw(st.integers(0, 1)), draw(st.integers(0, most))
        return max(least, min(values) - low), max(values) + high

    ranges = {
        "resolution": around(original.resolution + first.d, most=2),
        "kernel_size": around(first.c + 1, second.c),
        "stride": around(first.s, second.s),
        "padding": around(first.before, second.before, least=0),
    }
    if draw(st.booleans()):
        ranges["out_channels"] = around(draw(st.integers(1, 9)), most=9)
    return ranges


@st.composite
def one_convolution(draw: st.DrawFn) -> Architecture:
    """Draw a network for Approaches I, II and III: a convolution and two linear layers at least."""
    resolution, channels = draw(st.integers(4, 7)), draw(st.integers(1, 3))
    shape: Shape = (channels, resolution, resolution)
    layers: list[Layer] = []
    before = st.lists(st.just("other"), max_size=1)
    behind = st.lists(st.sampled_from(["other", "convolution"]), max_size=3)
    for kind in [*draw(before), "convolution", *draw(behind)]:
        _, side, _ = shape
        layer = convolutions(shape[0], side) if kind == "convolution" else between(side)
        layers.append(draw(layer))
        shape = layers[-1].output([shape])
    hidden = Linear(out_features=draw(st.integers(1, 6)), bias=draw(st.booleans()))
    return Architecture.model_validate(
        {
            "input": {"channels": channels, "resolution": resolution},
            "layers": [*layers, Flatten(), hidden, ReLU(), *list(_head(draw, None))[1:]],
        }
    )


@st.composite
def ranges_of_one_convolution(
    draw: st.DrawFn, original: Architecture
) -> dict[str, tuple[int, int]]:
    """Draw ranges for Approaches I, II and III that plain loops get through.

    Where no pool stands before the convolution they hold changes that keep its map: a dilation
    larger by one for a larger input; a kernel larger by one and a pool of 2 pixels and stride 1.
    """
    first = windows_of_convolutions(original)[0]
    N, spread = original.resolution, first.d + first.s
    ranges = {
        "resolution": (N + 1, N + max(spread, first.c - 1) + draw(st.integers(0, 1))),
        "kernel_size": (first.c, first.c + draw(st.integers(1, 2))),
        "stride": (draw(st.integers(1, first.s)), first.s + draw(st.integers(0, 1))),
        "padding": (draw(st.integers(0, first.before)), first.before + draw(st.integers(0, 1))),
        "dilation": (draw(st.integers(1, 2)), first.d + draw(st.integers(1, 2))),
        "pool_kernel_size": (draw(st.integers(1, 2)), draw(st.integers(2, 3))),
        "pool_stride": (1, draw(st.integers(1, 2))),
        "pool_padding": (0, draw(st.integers(0, 2))),
    }
    if draw(st.booleans()):
        ranges["out_channels"] = (draw(st.integers(1, 4)), draw(st.integers(4, 12)))
        ranges["out_features"] = (draw(st.integers(1, 3)), draw(st.integers(3, 12)))
    return ranges
