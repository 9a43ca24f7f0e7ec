"""Random graphs of every layer type, for Hypothesis."""

from typing import Any

from hypothesis import strategies as st

from solver.network.architecture import Architecture
from solver.network.layers import LAYERS, Shape

ANYWHERE: list[dict[str, Any]] = [
    *({"type": kind} for kind in ("relu", "relu6", "leaky_relu", "elu", "silu", "gelu", "tanh")),
    *({"type": kind} for kind in ("hardswish", "hardsigmoid", "sigmoid", "identity", "softmax")),
    *({"type": kind} for kind in ("log_softmax", "scale", "dropout")),
    *({"type": "layer_norm", "affine": affine} for affine in (True, False)),
]
ON_MAPS: list[dict[str, Any]] = [
    *({"type": "batch_norm2d", "affine": affine} for affine in (True, False)),
    *({"type": kind} for kind in ("global_avg_pool2d", "dropout2d", "flatten")),
]


class Drawn:
    """A network in the making: its layers, and what they make, by name."""

    def __init__(self, image: Shape) -> None:
        self.layers: list[dict[str, Any]] = []
        self.shapes: dict[str, Shape] = {"input": image}
        self.unread = ["input"]

    def add(self, fields: dict[str, Any], *inputs: str) -> str:
        """Put a layer behind others; what does not fit them is an identity instead."""
        layer = LAYERS[fields["type"]].model_validate(fields)
        shapes = [self.shapes[name] for name in inputs]
        if [*layer.faults(), *layer.misfits(shapes)]:
            return self.add({"type": "identity"}, inputs[0])
        name = f"block.{len(self.layers)}"
        self.layers.append({"name": name, **fields, "inputs": list(inputs)})
        self.shapes[name] = layer.output(shapes)
        self.unread = [it for it in self.unread if it not in inputs] + [name]
        return name


@st.composite
def graphs(draw: st.DrawFn, most: int = 8, classes: int | None = None) -> Architecture:
    """Draw a network whose layers read any before them; what nobody reads is joined at its end."""
    height = draw(st.integers(4, 12))
    width = height if classes else draw(st.integers(4, 12))
    image = (draw(st.integers(1, 4)), height, width)
    network = Drawn(image)
    for _ in range(draw(st.integers(1, most))):
        source = draw(st.sampled_from(sorted(network.shapes)))
        _extend(draw, network, source)
    _end(network, classes or draw(st.integers(1, 5)))
    channels, height, width = image
    size = {"height": height, "width": width}
    return Architecture.model_validate(
        {"input": {"channels": channels, **size}, "layers": network.layers}
    )


def _extend(draw: st.DrawFn, network: Drawn, source: str) -> None:
    shape = network.shapes[source]
    if len(shape) == 1:
        network.add(draw(st.sampled_from([*ANYWHERE, {"type": "batch_norm1d"}, LINEAR])), source)
        return
    blocks = [_convolution, _pool, _residual, _shared, _excitation, _parts, _single, _single]
    draw(st.sampled_from(blocks))(draw, network, source)


LINEAR = {"type": "linear", "out_features": 3}


def _single(draw: st.DrawFn, network: Drawn, source: str) -> None:
    network.add(draw(st.sampled_from([*ANYWHERE, *ON_MAPS])), source)


def _convolution(draw: st.DrawFn, network: Drawn, source: str) -> None:
    channels = network.shapes[source][0]
    groups = draw(st.sampled_from([n for n in range(1, channels + 1) if channels % n == 0]))
    padding = draw(st.one_of(st.just("same"), _sizes(0, 2)))
    network.add(
        {
            "type": "conv2d",
            "out_channels": groups * draw(st.integers(1, 3)),
            "kernel_size": draw(_sizes(1, 4)),
            "padding": padding,
            "stride": 1 if padding == "same" else draw(_sizes(1, 3)),
            "dilation": draw(_sizes(1, 2)),
            "groups": groups,
            "bias": draw(st.booleans()),
        },
        source,
    )


def _pool(draw: st.DrawFn, network: Drawn, source: str) -> None:
    kind = draw(st.sampled_from(["max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "zero_pad2d"]))
    fields: dict[str, Any] = {"type": kind}
    if kind == "adaptive_avg_pool2d":
        fields["output_size"] = draw(_sizes(1, 3))
    elif kind == "zero_pad2d":
        fields["padding"] = draw(st.tuples(*[st.integers(0, 2)] * 4))
    else:
        fields |= {"kernel_size": draw(_sizes(1, 3)), "stride": draw(_sizes(1, 3))}
        fields |= {"padding": draw(_sizes(0, 1)), "ceil_mode": draw(st.booleans())}
        if kind == "max_pool2d":
            fields["dilation"] = draw(_sizes(1, 2))
    network.add(fields, source)


def _same(network: Drawn, source: str, **fields: Any) -> str:
    """A convolution that makes what it reads: as many maps of the same size."""
    channels = network.shapes[source][0]
    same = {"type": "conv2d", "out_channels": channels, "kernel_size": 3, "padding": 1}
    return network.add({**same, **fields}, source)


def _residual(draw: st.DrawFn, network: Drawn, source: str) -> None:
    depthwise = draw(st.sampled_from([1, network.shapes[source][0]]))
    around = [source] * draw(st.integers(1, 2))
    network.add({"type": "add"}, _same(network, source, groups=depthwise), *around)


def _shared(draw: st.DrawFn, network: Drawn, source: str) -> None:
    first = _same(network, source)
    _same(network, network.add({"type": "relu"}, first), shares=first)


def _excitation(draw: st.DrawFn, network: Drawn, source: str) -> None:
    channels = network.shapes[source][0]
    squeezed = network.add({"type": "global_avg_pool2d"}, source)
    convolution = {"type": "conv2d", "out_channels": channels, "kernel_size": 1}
    gate = network.add({"type": "sigmoid"}, network.add(convolution, squeezed))
    network.add({"type": "mul"}, *draw(st.permutations([source, gate])))


def _parts(draw: st.DrawFn, network: Drawn, source: str) -> None:
    number = draw(st.integers(1, 3))
    parts = [
        network.add({"type": "chunk", "chunks": number, "index": index}, source)
        for index in range(number)
    ]
    whole = network.add({"type": "concat"}, *draw(st.permutations([*parts, source])))
    network.add({"type": "channel_shuffle", "groups": draw(st.integers(1, 3))}, whole)


def _end(network: Drawn, classes: int) -> None:
    """All that nobody has read, as one vector, and a linear layer behind it."""
    flat = []
    for name in list(network.unread):
        is_map = len(network.shapes[name]) > 1
        pooled = network.add({"type": "global_avg_pool2d"}, name) if is_map else name
        flat.append(network.add({"type": "flatten"}, pooled) if is_map else name)
    whole = network.add({"type": "concat"}, *flat) if len(flat) > 1 else flat[0]
    if len(flat) > 1:
        whole = network.add({"type": "batch_norm1d"}, whole)
    network.add({"type": "linear", "out_features": classes}, whole)


def _sizes(least: int, most: int) -> st.SearchStrategy[int | list[int]]:
    one = st.integers(least, most)
    return st.one_of(one, st.lists(one, min_size=2, max_size=2))
