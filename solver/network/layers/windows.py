"""Layers that slide a window over maps: convolutions, pools, and padding (Eq. 4)."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal, NamedTuple

from pydantic import ModelWrapValidatorHandler, model_validator

from solver.network.layers.base import Layer, Number, Shape, Weighted, same
from solver.network.schema import (
    Borders,
    Channels,
    Fault,
    Flag,
    NotNegativeSize,
    NotNegativeSizeOrSame,
    Positive,
    PositiveSize,
    later,
)
from solver.network.widths import Segments, Widths

AXES: Final = (0, 1)
"""Height and width."""


class Window(NamedTuple):
    """A window along one axis, in input pixels: kernel ``c``, stride ``s``, dilation ``d``.

    ``before`` and ``behind`` are the padding at either end of the input.
    """

    c: Number
    before: Number
    behind: Number
    s: Number
    d: Number

    @property
    def reach(self) -> Number:
        """Length that the kernel spans, including dilation."""
        return self.d * (self.c - 1) + 1

    def slack(self, n: Number) -> Number:
        """Pixels that the window can move over an input of side ``n``; negative if too large."""
        return n + self.before + self.behind - self.reach


class Sliding(Layer):
    """A layer that slides a window over maps.

    Kernel size, stride, padding and dilation are each a number, or a pair ``(height, width)``.
    """

    kernel_size: PositiveSize

    takes = "maps"
    changes_maps = True

    @property
    @abstractmethod
    def sizes(self) -> tuple[Number, Number, Number, Number]:
        """Kernel, padding, stride and dilation: each a number or ``(height, width)``."""

    @property
    def rounds_up(self) -> bool:
        """Whether a window may hang over the far border: PyTorch's ``ceil_mode``."""
        return False

    @property
    def keeps_sides(self) -> bool:
        """Whether it pads so that the output has the size of the input."""
        return isinstance(self.sizes[1], str)

    def along(self, axis: int) -> Window:
        """The window along an axis."""
        c, p, s, d = self.sizes
        if tuple in (type(c), type(p), type(s), type(d)):
            c, p, s, d = (it[axis] if isinstance(it, tuple) else it for it in (c, p, s, d))
        if type(p) is str:  # "same"
            before = d * (c - 1) // 2
            return Window(c, before, d * (c - 1) - before, s, d)
        return Window(c, p, p, s, d)

    @property
    def is_square(self) -> bool:
        """Whether its window is square."""
        c, p, s, d = self.sizes
        return tuple not in (type(c), type(p), type(s), type(d))

    def sides(self, inputs: Sequence[Shape]) -> Shape:
        """Eq. 4 along both axes."""
        _, height, width = inputs[0]
        tall = self._side(height, 0)
        return (tall, tall if height is width and self.is_square else self._side(width, 1))

    def _side(self, n: Number, axis: int) -> Number:
        window = self.along(axis)
        slack = window.slack(n)
        if not self.rounds_up:
            return slack // window.s + 1
        rounded_up = (slack + window.s - 1) // window.s
        return rounded_up + 1 - (rounded_up * window.s >= n + window.before)

    def fits(self, inputs: Sequence[Shape]) -> Number:
        """Whether the kernel fits its padded input."""
        _, height, width = inputs[0]
        tall = self.along(0).slack(height) >= 0
        if height is width and self.is_square:
            return tall
        return tall & (self.along(1).slack(width) >= 0)

    def misfits(self, inputs: Sequence[Shape]) -> Iterator[Fault]:
        """Yield that the kernel does not fit."""
        _, *sides = inputs[0]
        if all(self.along(axis).slack(side) >= 0 for axis, side in zip(AXES, sides, strict=True)):
            return
        windows = [self.along(axis) for axis in AXES]
        reach = _pair(*(window.reach for window in windows))
        dilated = f" (dilated to {reach})" if reach != _pair(*(w.c for w in windows)) else ""
        padding = _pair(*(window.before for window in windows))
        padded = f" padded by {padding}" if padding != "0" else ""
        yield (
            ("kernel_size",),
            f"kernel {_pair(*(w.c for w in windows))}{dilated} does not fit its "
            f"{sides[0]}×{sides[1]} input{padded}",
        )

    def window(self, inputs: Sequence[Shape], axis: int) -> tuple[Number, Number]:
        """``d(c − 1)`` and the stride."""
        window = self.along(axis)
        return window.reach - 1, window.s

    def rows_read(self, rows: int, side: int) -> int:
        """The rows under the elements of a kernel."""
        window = self.along(0)
        read: int = _repeated(_spaced(rows, window.s), window.d, window.c) >> window.before
        return read & (1 << side) - 1


def _spaced(rows: int, step: int) -> int:
    """Spread rows out: row ``i`` becomes row ``i · step``."""
    count = rows.bit_length()
    if step == 1 or not rows:
        return rows
    if rows == (1 << count) - 1:
        return _repeated(1, step, count)
    return sum(1 << row * step for row in range(count) if rows >> row & 1)


def _repeated(rows: int, step: int, times: int) -> int:
    """Rows and their copies, each ``step`` further on; the number of copies doubles each time."""
    done = 1
    while done < times:
        more = min(done, times - done)
        rows |= rows << more * step
        done += more
    return rows


def _pair(height: int, width: int) -> str:
    return f"{height}" if height == width else f"{height}×{width}"


class Conv2d(Sliding, Weighted):
    """As ``torch.nn.Conv2d``; ``padding`` may be ``"same"`` where the stride is 1."""

    type: Literal["conv2d"] = "conv2d"
    out_channels: Channels
    stride: PositiveSize = 1
    padding: NotNegativeSizeOrSame = 0
    dilation: PositiveSize = 1
    groups: Positive = 1
    bias: Flag = True

    kind = "conv"
    width_fields = ("out_channels",)

    @property
    def sizes(self) -> tuple[Number, Number, Number, Number]:
        """As declared."""
        return self.kernel_size, self.padding, self.stride, self.dilation

    def faults(self) -> Iterator[Fault]:
        """Groups divide the filters, and ``"same"`` padding has stride 1, as PyTorch requires."""
        if self.out_channels % self.groups:
            reason = f"{self.groups} groups do not divide {self.out_channels} output channels"
            yield ("groups",), reason
        if self.padding == "same" and self.stride != 1:
            yield ("padding",), 'padding "same" needs stride 1; write the padding as a number'

    def misfits(self, inputs: Sequence[Shape]) -> Iterator[Fault]:
        """Groups divide the input's channels, and the kernel fits."""
        channels = inputs[0][0]
        if channels % self.groups:
            yield ("groups",), f"{self.groups} groups do not divide {channels} input channels"
        yield from super().misfits(inputs)

    def channels(self, inputs: Sequence[Shape]) -> Number:
        """One channel for each filter."""
        return self.out_channels

    def params(self, inputs: Sequence[Shape]) -> Number:
        """``K·C²·(in/groups)``, and ``K`` biases (Eq. 2)."""
        weights = self._weights(inputs)
        return weights + self.out_channels if self.bias else weights

    def macs(self, output: Shape, params: Number) -> Number:
        """Every weight once at each position of the output."""
        _, height, width = output
        return height * width * (params - self.out_channels if self.bias else params)

    def flops(self, inputs: Sequence[Shape], output: Shape, params: Number) -> Number:
        """Every weight and bias once at each position of the output (Eq. 5)."""
        _, height, width = output
        return height * width * params

    def _weights(self, inputs: Sequence[Shape]) -> Number:
        tall, wide = self.along(0).c, self.along(1).c
        into, out = inputs[0][0], self.out_channels
        if same(self.groups, into):
            return tall * wide * out
        return tall * wide * (into * out // self.groups)

    def is_depthwise(self, shape: Shape) -> bool:
        """Whether it has as many groups as its input has channels, and more than one."""
        return self.groups > 1 and bool(self.groups == shape[0])

    def segments(
        self, inputs: Sequence[Segments], shapes: Sequence[Shape], widths: Widths
    ) -> Segments:
        """A group of its own; a depthwise convolution keeps the groups of its input.

        Widths of grouped convolutions are tied (:meth:`Widths.grouped`). The image's channels never
        change, so a convolution that is depthwise on the image has a group of its own, too.
        """
        if self.groups == 1:
            return widths.new(self.out_channels)
        if self.is_depthwise(shapes[0]) and not widths.is_frozen(inputs[0]):
            each = self.out_channels // widths.size(inputs[0])
            return [(group, times * each) for group, times in inputs[0]]
        return widths.grouped(inputs[0], self.out_channels, self.groups)


class Pool2d(Sliding):
    """Max or average pooling. ``stride`` is the kernel size if it is missing."""

    stride: PositiveSize | None = None
    padding: NotNegativeSize = 0
    ceil_mode: Flag = later(False)

    kind = "pool"
    is_pool = True

    @model_validator(mode="wrap")
    @classmethod
    def _fill_stride(cls, data: Any, handler: ModelWrapValidatorHandler["Pool2d"]) -> "Pool2d":
        pool = handler(data)
        if pool.stride is None:
            object.__setattr__(pool, "stride", pool.kernel_size)
        return pool

    @property
    def sizes(self) -> tuple[Number, Number, Number, Number]:
        """As declared."""
        stride = self.kernel_size if self.stride is None else self.stride
        return self.kernel_size, self.padding, stride, 1

    @property
    def rounds_up(self) -> bool:
        """As declared."""
        return self.ceil_mode

    def faults(self) -> Iterator[Fault]:
        """PyTorch refuses a padding of more than half the kernel."""
        for axis in AXES:
            window = self.along(axis)
            if 2 * window.before > window.c:
                yield (
                    ("padding",),
                    f"padding {window.before} is more than half of kernel {window.c}; "
                    "PyTorch refuses such a pool",
                )
                return


class MaxPool2d(Pool2d):
    """As ``torch.nn.MaxPool2d``."""

    type: Literal["max_pool2d"] = "max_pool2d"
    dilation: PositiveSize = later(1)

    @property
    def sizes(self) -> tuple[Number, Number, Number, Number]:
        """As declared."""
        kernel, padding, stride, _ = super().sizes
        return kernel, padding, stride, self.dilation


class AvgPool2d(Pool2d):
    """As ``torch.nn.AvgPool2d``: padding counts as zeros if ``count_include_pad``, else not."""

    type: Literal["avg_pool2d"] = "avg_pool2d"
    count_include_pad: Flag = later(True)


class ZeroPad2d(Layer):
    """As ``torch.nn.ZeroPad2d``: ``padding`` is a number, or ``[left, right, top, bottom]``."""

    type: Literal["zero_pad2d"] = "zero_pad2d"
    padding: Borders

    kind = "pad"
    takes = "maps"
    changes_maps = True

    @property
    def borders(self) -> tuple[int, int, int, int]:
        """Pixels at the left, right, top and bottom."""
        padding = self.padding
        return padding if isinstance(padding, tuple) else (padding, padding, padding, padding)

    @property
    def is_square(self) -> bool:
        """Whether height and width grow by the same."""
        left, right, top, bottom = self.borders
        return left + right == top + bottom

    def sides(self, inputs: Sequence[Shape]) -> Shape:
        """The input's sides plus both borders."""
        _, height, width = inputs[0]
        left, right, top, bottom = self.borders
        tall = height + (top + bottom)
        return (tall, tall if height is width and self.is_square else width + (left + right))

    def rows_read(self, rows: int, side: int) -> int:
        """The rows that are not border."""
        return rows >> self.borders[2] & (1 << side) - 1
