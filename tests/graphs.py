"""Hypothesis strategies: small networks that are graphs, of every kind of layer.

Layers are drawn as JSON, one block after the other; what fits is decided by the plain rules of
:mod:`tests.exhaustive.networks`.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from hypothesis import assume
from hypothesis import strategies as st

from solver.approaches import APPROACHES
from solver.network.architecture import Architecture
from tests.exhaustive.networks import Layer, Shape, shape_of

ACTIVATIONS: Final = (
    {"type": "relu"}, {"type": "relu6"}, {"type": "leaky_relu", "negative_slope": 0.2},
    {"type": "elu", "alpha": 0.5}, {"type": "silu"}, {"type": "gelu"}, {"type": "hardswish"},
    {"type": "hardsigmoid"}, {"type": "sigmoid"}, {"type": "tanh"}, {"type": "softmax"},
    {"type": "log_softmax"},
)  # fmt: skip
OF_MAPS: Final = (
    {"type": "batch_norm2d"}, {"type": "batch_norm2d", "affine": False},
    {"type": "layer_norm"}, {"type": "layer_norm", "affine": False}, {"type": "scale"},
    {"type": "dropout2d", "p": 0.2}, {"type": "dropout"}, {"type": "identity"},
)  # fmt: skip
OF_VECTORS: Final = (
    {"type": "batch_norm1d"}, {"type": "batch_norm1d", "affine": False}, {"type": "layer_norm"},
    {"type": "scale"}, {"type": "dropout"}, {"type": "identity"}, {"type": "softmax"},
    {"type": "relu"}, {"type": "tanh"}, {"type": "flatten"},
)  # fmt: skip


class Drawing:
    """A network that is being drawn: its layers so far, and the shapes of their outputs.

    Attributes
    ----------
    last
        The tensor that the next block goes on from.
    """

    def __init__(self, draw: st.DrawFn, image: Shape) -> None:
        self.draw = draw
        self.layers: list[Layer] = []
        self.shapes: dict[str, Shape] = {"input": image}
        self.last = "input"
        self._image = image

    @property
    def shape(self) -> Shape:
        """Shape of the last tensor."""
        return self.shapes[self.last]

    def add(self, layer: Layer, *inputs: str) -> str:
        """Put a layer behind the last one, or behind the tensors that it reads."""
        read = list(inputs or [self.last])
        name = f"l{len(self.layers)}.{layer['type']}"
        shape = shape_of(_filled(layer), [self.shapes[it] for it in read])
        assume(shape is not None)
        assert shape is not None
        before = self.layers[-1]["name"] if self.layers else "input"
        written = {} if read == [before] and self.draw(st.booleans()) else {"inputs": read}
        self.layers.append({"name": name, **layer, **written})
        self.shapes[name], self.last = shape, name
        return name

    def architecture(self) -> Architecture:
        """What was drawn."""
        channels, height, width = self._image
        image = {"channels": channels, "height": height, "width": width}
        return Architecture.model_validate({"input": image, "layers": self.layers})

    def conv(self, out_channels: int, *inputs: str, **fields: Any) -> str:
        """Add a convolution, of one pixel where nothing else is said."""
        layer = {"type": "conv2d", "kernel_size": 1, "bias": self.draw(st.booleans())}
        return self.add({**layer, "out_channels": out_channels, **fields}, *inputs)

    def pick(self, layers: Sequence[Layer], *inputs: str) -> str:
        """Add one of these."""
        return self.add(self.draw(st.sampled_from(layers)), *inputs)

    def number(self, low: int, high: int) -> int:
        """Draw a number."""
        return self.draw(st.integers(low, max(low, high)))

    def size(self, low: int, high: int, is_square: bool) -> int | list[int]:
        """Draw a size, maybe one for each axis."""
        if is_square or self.draw(st.booleans()):
            return self.number(low, high)
        return [self.number(low, high), self.number(low, high)]


def _filled(layer: Layer) -> Layer:
    """A layer with PyTorch's defaults."""
    defaults: Layer = {"padding": 0, "stride": 1, "groups": 1}
    if layer["type"].endswith("pool2d") and "kernel_size" in layer:
        defaults["stride"] = layer["kernel_size"]
    return {**defaults, **layer}


def divisors(number: int) -> list[int]:
    """What divides a number."""
    return [it for it in range(1, number + 1) if number % it == 0]


def convolution(net: Drawing, is_square: bool = False) -> None:
    """A convolution: grouped, dilated, strided and padded in all ways."""
    channels = net.shape[0]
    groups = net.draw(st.sampled_from(divisors(channels)))
    fields: dict[str, Any] = {
        "kernel_size": net.size(1, 4, is_square),
        "dilation": net.size(1, 2, is_square),
        "groups": groups,
    }
    if net.draw(st.booleans()):
        fields["padding"] = "same"
    else:
        fields |= {"padding": net.size(0, 2, is_square), "stride": net.size(1, 3, is_square)}
    net.conv(groups * net.number(1, 3), **fields)


def pool(net: Drawing, is_square: bool = False) -> None:
    """A pool: dilated, and rounding up or down; its stride given or not."""
    kernel_size = net.size(1, 3, is_square)
    least = min(kernel_size) if isinstance(kernel_size, list) else kernel_size
    layer: Layer = {
        "type": net.draw(st.sampled_from(["max_pool2d", "avg_pool2d"])),
        "kernel_size": kernel_size,
        "padding": net.number(0, least // 2),
        "ceil_mode": net.draw(st.booleans()),
    }
    if net.draw(st.booleans()):
        layer["stride"] = net.size(1, 3, is_square)
    if layer["type"] == "max_pool2d":
        layer["dilation"] = net.size(1, 2, is_square)
    net.add(layer)


def padding(net: Drawing) -> None:
    """Zeros around the maps, on each side as many as one likes."""
    sides = [net.number(0, 2) for _ in range(4)]
    net.add({"type": "zero_pad2d", "padding": net.draw(st.sampled_from([1, sides]))})


def adaptive_pool(net: Drawing) -> None:
    """A pool that makes maps of a given size."""
    net.add({"type": "adaptive_avg_pool2d", "output_size": net.size(1, 4, False)})


def each_element(net: Drawing) -> None:
    """A norm, an activation, or what else looks at one position alone."""
    net.pick([*ACTIVATIONS, *OF_MAPS])


def residual(net: Drawing) -> None:
    """A residual block, its short cut by a convolution where the block changes maps."""
    start, channels = net.last, net.shape[0]
    out, stride = net.draw(st.sampled_from([(channels, 1), (net.number(1, 4), net.number(1, 2))]))
    net.conv(net.number(1, 4))
    net.pick(OF_MAPS)
    net.pick(ACTIVATIONS)
    main = net.conv(out, kernel_size=3, padding=1, stride=stride)
    short = start if (out, stride) == (channels, 1) else net.conv(out, start, stride=stride)
    net.add({"type": "add"}, *net.draw(st.permutations([main, short])))


def inception(net: Drawing) -> None:
    """Branches that are concatenated."""
    start = net.last
    branches = [net.conv(net.number(1, 3), start)]
    branches.append(net.conv(net.number(1, 3), start, kernel_size=3, padding="same"))
    if net.draw(st.booleans()):
        pooled = {"type": "max_pool2d", "kernel_size": 3, "stride": 1, "padding": 1}
        branches.append(net.add(pooled, start))
    if net.draw(st.booleans()):
        branches.append(start)
    net.add({"type": "concat"}, *net.draw(st.permutations(branches)))


def squeeze_and_excitation(net: Drawing) -> None:
    """A gate for each channel, from the means of all."""
    start, channels = net.last, net.shape[0]
    mean = {"type": "adaptive_avg_pool2d", "output_size": 1}
    net.add(net.draw(st.sampled_from([mean, {"type": "global_avg_pool2d"}])))
    net.conv(net.number(1, 3))
    net.pick(ACTIVATIONS)
    net.conv(channels)
    gate = net.pick([{"type": "sigmoid"}, {"type": "hardsigmoid"}])
    net.add({"type": "mul"}, *net.draw(st.permutations([start, gate])))


def depthwise(net: Drawing) -> None:
    """A filter or two for each channel, then a convolution of one pixel."""
    channels = net.shape[0]
    net.conv(channels * net.number(1, 2), kernel_size=3, padding=1, groups=channels)
    net.conv(net.number(1, 4))


def shuffle(net: Drawing) -> None:
    """Half of the channels go through a convolution, then all are shuffled."""
    start, channels = net.last, net.shape[0]
    if channels % 2:
        start = net.conv(2 * net.number(1, 2))
        channels = net.shape[0]
    halves = [net.add({"type": "chunk", "chunks": 2, "index": index}, start) for index in range(2)]
    changed = net.conv(channels // 2, halves[1], kernel_size=3, padding=1)
    net.add({"type": "concat"}, halves[0], changed)
    groups = net.draw(st.sampled_from(divisors(channels)))
    net.add({"type": "channel_shuffle", "groups": groups})


def shared(net: Drawing) -> None:
    """Two layers of one set of weights."""
    channels = net.shape[0]
    layer = {"type": "conv2d", "out_channels": channels, "kernel_size": 3, "padding": 1}
    first = net.add(layer)
    net.pick(ACTIVATIONS)
    net.add({**layer, "shares": first})
    norm = {"type": net.draw(st.sampled_from(["batch_norm2d", "layer_norm", "scale"]))}
    first = net.add(norm)
    net.add({**norm, "shares": first})


def product(net: Drawing) -> None:
    """Several tensors, multiplied or added."""
    start = net.last
    others = [net.pick(ACTIVATIONS, start) for _ in range(net.number(1, 2))]
    net.add({"type": net.draw(st.sampled_from(["add", "mul"]))}, start, *others)


BLOCKS: Final[tuple[Callable[[Drawing], None], ...]] = (
    convolution, pool, padding, adaptive_pool, each_element, residual, inception,
    squeeze_and_excitation, depthwise, shuffle, shared, product,
)  # fmt: skip


def head(net: Drawing, hidden: int = 2) -> None:
    """A vector, and linear layers with what may stand between them."""
    if net.draw(st.booleans()):
        net.add({"type": "global_avg_pool2d"})
    net.add({"type": "flatten"})
    for _ in range(net.number(0, hidden)):
        net.pick(OF_VECTORS)
        start = net.add({"type": "linear", "out_features": net.number(1, 6)})
        if net.draw(st.booleans()):
            features = net.shape[0]
            other = net.add({"type": "linear", "out_features": features, "bias": False})
            net.add({"type": net.draw(st.sampled_from(["add", "concat"]))}, start, other)
    net.add({"type": "linear", "out_features": net.number(1, 6)})


@st.composite
def graphs(draw: st.DrawFn, most_blocks: int = 4, largest: int = 12) -> Architecture:
    """Draw a network of some blocks; it ends in maps or in linear layers."""
    sides = st.integers(3, largest)
    height = draw(sides)
    net = Drawing(draw, (draw(st.integers(1, 3)), height, draw(st.just(height) | sides)))
    for block in draw(st.lists(st.sampled_from(BLOCKS), min_size=1, max_size=most_blocks)):
        block(net)
    if draw(st.booleans()):
        head(net)
    return net.architecture()


@st.composite
def graphs_for(draw: st.DrawFn, approach: str) -> Architecture:
    """Draw a square network that an approach can change, with joins around what it changes."""
    side = draw(st.integers(4, 7))
    net = Drawing(draw, (draw(st.integers(1, 3)), side, side))
    if draw(st.booleans()):
        draw(st.sampled_from([product, padding, _square_pool]))(net)
    convolution(net, is_square=True)
    for _ in range(net.number(0, 2)):
        draw(st.sampled_from(AROUND))(net)
    if approach == "IV":
        convolution(net, is_square=True)
    behind = st.sampled_from([*BLOCKS, residual, inception])
    for block in draw(st.lists(behind, max_size=2)):
        block(net)
    if draw(st.booleans()) or approach == "I":
        head(net)
    original = net.architecture()
    assume(APPROACHES[approach].misfit(original) is None)
    return original


def _square_pool(net: Drawing) -> None:
    pool(net, is_square=True)


def _gate(net: Drawing) -> None:
    """Maps times their means, of which a window of their size makes one pixel, or any pool."""
    start, (_, height, _) = net.last, net.shape
    means: list[Layer] = [
        {"type": "global_avg_pool2d"}, {"type": "avg_pool2d", "kernel_size": height},
        {"type": "max_pool2d", "kernel_size": min(3, height), "stride": height},
    ]  # fmt: skip
    mean = net.pick(means)
    net.add({"type": net.draw(st.sampled_from(["add", "mul"]))}, mean, start)


def _pooled_branch(net: Drawing) -> None:
    """Maps, and the same maps pooled, concatenated or added."""
    start = net.last
    pooled = {"type": "max_pool2d", "kernel_size": 3, "stride": 1, "padding": 1}
    other = net.add(pooled)
    net.add({"type": net.draw(st.sampled_from(["add", "concat"]))}, start, other)


AROUND: Final[tuple[Callable[[Drawing], None], ...]] = (
    each_element, each_element, product, _square_pool, _gate, _pooled_branch,
)  # fmt: skip
