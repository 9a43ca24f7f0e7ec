"""Counting: parameters, multiply-adds, FLOPs, activations, receptive fields (Eqs. 2-5).

:class:`Walk` is the fold over numbers: it goes through a network layer by layer and applies each
layer's rules. It computes with whole numbers here, and with columns of them in
:mod:`solver.variation.numbers`. It knows nothing of the solver's encoding of networks, so answers
can be recounted with it.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from pydantic import Field

from solver.network import memory
from solver.network.architecture import Architecture
from solver.network.graph import Links
from solver.network.layers import Conv2d, Layer, Number, Shape, Weighted, larger
from solver.network.schema import MAX_COUNT, Schema


class Counts(Schema):
    """What a network costs, per image.

    ``params`` counts weights, biases and norm parameters, shared ones once. ``macs`` counts the
    multiply-adds of convolutions and linear layers. ``flops`` adds bias additions and pooling to
    them (Eq. 5: a multiply-add counts one). ``activations`` is the largest number of elements alive
    at once (:mod:`solver.network.memory`).
    """

    params: int
    macs: int
    flops: int
    activations: int


class Delta(Schema):
    """A variant's counts minus the original's."""

    params: int
    macs: int
    flops: int


class LayerReport(Schema):
    """One layer of a counted network."""

    name: str
    type: str
    output: list[int] = Field(description="[channels, height, width], or [features] once flat")
    params: int
    macs: int
    flops: int
    receptive_field: int = Field(
        description="Side, in input pixels, of the square that one output depends on; padding "
        "counts, so it may exceed the resolution"
    )


class Reach(NamedTuple):
    """The part of the image that one output of a layer depends on, along one axis.

    ``side`` is its length in pixels; ``step`` is the number of pixels between two outputs.
    """

    side: Number
    step: Number

    def through(self, spread: Number, step: Number) -> "Reach":
        """The reach of a window that slides over outputs of this reach (:meth:`Layer.window`)."""
        return Reach(self.side + spread * self.step, self.step * step)


PIXEL = Reach(1, 1)


class Walk:
    """Consecutive layers, and what follows from the shape of the tensor that the first one reads.

    Attributes
    ----------
    layers
        The layers; fields that vary may hold columns.
    links
        The tensors that each layer reads: 0 is the first, ``i + 1`` the output of layer ``i``.
    image
        Shape of the first tensor.
    """

    def __init__(self, layers: Sequence[Layer], links: Links, image: Shape) -> None:
        self.layers = layers
        self.links = links
        self.image = image

    @cached_property
    def shapes(self) -> list[Shape]:
        """Shapes of the tensors; they mean nothing behind a window that does not fit."""
        return [self.image, *(output for _, _, output in self.steps)]

    @cached_property
    def steps(self) -> list[tuple[Layer, list[Shape], Shape]]:
        """Each layer, with the shapes of its inputs and of its output."""
        shapes, found = [self.image], []
        for place, layer in enumerate(self.layers):
            inputs = [shapes[tensor] for tensor in self.links[place]]
            output = self.made(place, inputs, layer.output(inputs))
            shapes.append(output)
            found.append((layer, inputs, output))
        return found

    def inputs(self, place: int) -> list[Shape]:
        """Shapes of a layer's inputs."""
        return self.steps[place][1]

    def made(self, place: int, inputs: Sequence[Shape], output: Shape) -> Shape:  # noqa: ARG002
        """The shape to go on with; subclasses that know more about it override this."""
        return output

    @cached_property
    def own_params(self) -> list[Number]:
        """Parameters of each layer, including those that it shares with others."""
        return [layer.params(inputs) for layer, inputs, _ in self.steps]

    @cached_property
    def params(self) -> Number:
        """Parameters of all layers; shared ones count once."""
        return sum(map(learned, self.layers, self.own_params))

    @cached_property
    def own_macs(self) -> list[Number]:
        """Multiply-adds of each layer."""
        steps = zip(self.steps, self.own_params, strict=True)
        return [layer.macs(output, params) for (layer, _, output), params in steps]

    @property
    def macs(self) -> Number:
        """Multiply-adds of all layers."""
        return sum(self.own_macs)

    def own_flops(self, *, count_pooling: bool = True) -> list[Number]:
        """FLOPs of each layer; pools take none unless ``count_pooling``."""
        steps = zip(self.steps, self.own_params, strict=True)
        return [
            layer.flops(inputs, output, params) if count_pooling or not layer.is_pool else 0
            for (layer, inputs, output), params in steps
        ]

    def flops(self, *, count_pooling: bool = True) -> Number:
        """FLOPs of all layers; pools take none unless ``count_pooling``."""
        return sum(self.own_flops(count_pooling=count_pooling))

    @property
    def activations(self) -> Number:
        """The largest number of elements alive at once."""
        return memory.peak(self.layers, self.links, self.shapes)

    def fits(self, end: int) -> Number:
        """Whether all windows fit and all joins agree in the layers before place ``end``."""
        fitting: Number = True
        for layer, inputs, _ in self.steps[:end]:
            fitting = fitting & layer.fits(inputs)
        return fitting

    def reaches(self, axis: int, start: Reach = PIXEL) -> list[Reach]:
        """The reach of each tensor, the input first; linear layers do not extend it."""
        found = [start]
        for (layer, inputs, _), read in zip(self.steps, self.links, strict=False):
            reach = found[read[0]]
            for tensor in read[1:]:
                reach = Reach(*map(larger, reach, found[tensor]))
            if len(inputs[0]) > 1 and not layer.is_linear:
                reach = reach.through(*layer.window(inputs, axis))
            found.append(reach)
        return found

    @property
    def end(self) -> int:
        """Place of the first linear layer; the number of layers if there is none."""
        linear = (place for place, layer in enumerate(self.layers) if layer.is_linear)
        return next(linear, len(self.layers))


def learned(layer: Layer, params: Number) -> Number:
    """A layer's parameters; 0 if it shares them with an earlier layer."""
    return 0 if isinstance(layer, Weighted) and layer.shares is not None else params


class Span(NamedTuple):
    """Cost and output shape of consecutive layers for one shape of their input.

    ``reaches`` holds the reach of one output along both axes, in pixels of the layers' input.
    ``has_linear`` is whether one of the layers is linear: layers behind it add nothing to a reach.
    """

    output: Shape
    params: int
    macs: int
    flops: int
    activations: int
    reaches: tuple[Reach, Reach]
    has_linear: bool

    def then(self, behind: "Span") -> "Span":
        """The span of these layers followed by layers that read this span's output only."""
        reaches = self.reaches
        if not self.has_linear:
            tall, wide = (
                before.through(after.side - 1, after.step)
                for before, after in zip(self.reaches, behind.reaches, strict=True)
            )
            reaches = (tall, wide)
        return Span(
            behind.output,
            self.params + behind.params,
            self.macs + behind.macs,
            self.flops + behind.flops,
            max(self.activations, behind.activations),
            reaches,
            self.has_linear or behind.has_linear,
        )

    @property
    def receptive_field(self) -> int:
        """Receptive field of the last layer before the first linear one: its longer side."""
        return int(max(reach.side for reach in self.reaches))

    @property
    def counts(self) -> Counts:
        """The counts of a network that consists of these layers.

        Raises
        ------
        OverflowError
            A count exceeds 2⁵³ − 1, the largest integer that every JSON reader keeps exact.
        """
        _kept_exact(self.params, self.flops, self.activations)
        return Counts.trusted(
            params=self.params, macs=self.macs, flops=self.flops, activations=self.activations
        )


def _kept_exact(*counts: int) -> None:
    if (largest := max(counts)) > MAX_COUNT:
        raise OverflowError(f"a count of {largest:,} exceeds 2^53 - 1, what JSON keeps exact")


def refuse_overflow(walk: Walk) -> None:
    """Refuse a network whose counts are too large.

    Raises
    ------
    OverflowError
        A count is too large, see :attr:`Span.counts`.
    """
    _kept_exact(walk.params, walk.flops(), walk.activations)


def span(walk: Walk, *, count_pooling: bool = True) -> Span:
    """Count consecutive layers that read nothing from before their first tensor."""
    layers, image, shapes, end = walk.layers, walk.image, walk.shapes, walk.end
    params = macs = flops = 0
    for layer, inputs, output in walk.steps:
        own = layer.params(inputs)
        params += learned(layer, own)
        macs += layer.macs(output, own)
        if count_pooling or not layer.is_pool:
            flops += layer.flops(inputs, output, own)
    tall = walk.reaches(0)[end]
    is_square = len(image) == 1 or (
        image[1] == image[2] and all(layer.is_square for layer in layers)
    )
    peak = int(memory.peak(layers, walk.links, shapes))
    reaches = (tall, tall if is_square else walk.reaches(1)[end])
    return Span(shapes[-1], params, macs, flops, peak, reaches, end < len(layers))


def walk(architecture: Architecture) -> Walk:
    """A walk through a network's layers, starting at its images."""
    return Walk(architecture.layers, architecture.links, architecture.input.shape)


def shapes(architecture: Architecture) -> list[Shape]:
    """Shapes from the input (first) to the output of the last layer."""
    return walk(architecture).shapes


def params(architecture: Architecture) -> int:
    """Parameters of a whole network."""
    return int(walk(architecture).params)


def macs(architecture: Architecture) -> int:
    """Multiply-adds of a whole network."""
    return int(walk(architecture).macs)


def flops(architecture: Architecture, *, count_pooling: bool = True) -> int:
    """FLOPs of a whole network."""
    return int(walk(architecture).flops(count_pooling=count_pooling))


def count(architecture: Architecture, *, count_pooling: bool = True) -> Counts:
    """Count a whole network.

    Raises
    ------
    OverflowError
        A count is too large, see :attr:`Span.counts`.
    """
    return span(walk(architecture), count_pooling=count_pooling).counts


def receptive_field(architecture: Architecture) -> int:
    """Receptive field of the last layer before the first linear one, in input pixels."""
    return span(walk(architecture)).receptive_field


def describe(architecture: Architecture) -> list[LayerReport]:
    """Count a network layer by layer; a linear layer sees the whole of its input's maps."""
    walked = walk(architecture)
    reaches = [_seen(walked, axis) for axis in (0, 1)]
    return [
        LayerReport(
            name=layer.name or layer.type,
            type=layer.type,
            output=list(walked.shapes[place + 1]),
            params=learned(layer, walked.own_params[place]),
            macs=walked.own_macs[place],
            flops=flops,
            receptive_field=max(along[place + 1].side for along in reaches),
        )
        for place, (layer, flops) in enumerate(
            zip(architecture.layers, walked.own_flops(), strict=True)
        )
    ]


def _seen(walked: Walk, axis: int) -> list[Reach]:
    """The reach of each tensor's elements; linear layers see all pixels of the flattened maps."""
    found = [PIXEL]
    pixels = {0: walked.image[1 + axis]}
    for place, (layer, inputs, output) in enumerate(walked.steps):
        read = walked.links[place]
        reach = max(found[tensor] for tensor in read)
        side = max(pixels[tensor] for tensor in read)
        if layer.is_linear:
            reach, side = reach.through(side - 1, 1), 1
        elif len(inputs[0]) > 1:
            reach = reach.through(*layer.window(inputs, axis))
        found.append(reach)
        pixels[place + 1] = output[1 + axis] if len(output) > 1 else side
    return found


def coverage(architecture: Architecture) -> float:
    """Share of the input's rows that the first convolution reads; 1.0 if there is none."""
    return share_read(walk(architecture))


def share_read(walk: Walk) -> float:
    """Share of the first tensor's rows that the first convolution reads; 1.0 if there is none."""
    layers = enumerate(walk.layers)
    first = next((place for place, layer in layers if isinstance(layer, Conv2d)), None)
    return 1.0 if first is None else rows_read(walk, first).bit_count() / int(walk.image[1])


def rows_read(walk: Walk, last: int) -> int:
    """The rows of the first tensor that layer ``last`` depends on, as the bits of a number."""
    read = [0] * (last + 2)
    read[-1] = (1 << walk.shapes[last + 1][1]) - 1
    for place in range(last, -1, -1):
        if rows := read[place + 1]:
            layer, inputs, _ = walk.steps[place]
            for tensor, shape in zip(walk.links[place], inputs, strict=True):
                read[tensor] |= layer.rows_read(rows, shape[1])
    return read[0]
