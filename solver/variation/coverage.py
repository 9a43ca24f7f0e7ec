"""How many rows of the input the first convolution reads, for many variants."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from solver.network.architecture import Conv2d, GlobalAvgPool2d, Pool2d, out_side, stride_of
from solver.variation.template import RESOLUTION, Template, convolutions

if TYPE_CHECKING:
    from solver.variation.numbers import Columns

Field: TypeAlias = str | int
Window: TypeAlias = tuple[Field, Field, Field, Field]
"""Kernel, padding, stride and dilation, as symbols or as numbers."""

WHOLE_MAP: Final = 0
"""Kernel of a global pool."""


@dataclass(frozen=True)
class Coverage:
    """The share of the input's rows that the first convolution of a template's variants reads."""

    template: Template

    @cached_property
    def windows(self) -> list[Window]:
        """From the input to the first convolution; none where there is no convolution."""
        found = convolutions(self.template.layers)
        last = found[0][0] + 1 if found else 0
        windows = [self._window(index) for index in range(last)]
        return [window for window in windows if window]

    def _window(self, index: int) -> Window | None:
        layer = self.template.layers[index]
        if isinstance(layer, GlobalAvgPool2d):
            return (WHOLE_MAP, 0, 1, 1)
        if not isinstance(layer, Conv2d | Pool2d):
            return None
        dilation = layer.dilation if isinstance(layer, Conv2d) else 1
        numbers = {
            "kernel_size": layer.kernel_size,
            "padding": layer.padding,
            "stride": stride_of(layer),
            "dilation": dilation,
        }
        c, p, s, d = (self.template.unknowns.get((index, it), n) for it, n in numbers.items())
        return (c, p, s, d)

    @cached_property
    def symbols(self) -> list[str]:
        """The unknowns that it depends on."""
        fields = {field for window in self.windows for field in window if isinstance(field, str)}
        return [RESOLUTION, *sorted(fields)]

    def rows(self, values: Mapping[str, int]) -> int:
        """How many rows one variant reads; 0 where a window does not fit."""
        if not self.windows:
            return values[RESOLUTION]
        numbers = tuple(
            tuple(values[field] if isinstance(field, str) else field for field in window)
            for window in self.windows
        )
        return rows_read(values[RESOLUTION], numbers)

    def shares(self, rows: "Columns") -> Any:
        """Of many variants, a column: those that differ in nothing it depends on share one."""
        import numpy as np  # the API, which describes variants, does not load it

        if len(self.windows) == 1 and self.windows[0][0] != WHOLE_MAP and self.windows[0][3] == 1:
            return self._shares_of_a_plain_window(rows)
        grid = np.stack([rows[symbol] for symbol in self.symbols])
        distinct, place = np.unique(grid, axis=1, return_inverse=True)
        shares = [
            self.rows(dict(zip(self.symbols, column, strict=True))) / column[0]
            for column in distinct.T.tolist()
        ]
        return np.array(shares, float)[place]

    def _shares_of_a_plain_window(self, rows: "Columns") -> Any:
        """In closed form where one window without dilation is all.

        Of the padded input's rows ``y`` those are read that lie in the first ``m`` strides with
        ``y mod s < c``; where kernels overlap, all up to the last kernel's end.
        """
        import numpy as np

        n = rows[RESOLUTION]
        c, p, s, _ = (rows[it] if isinstance(it, str) else it for it in self.windows[0])
        m = np.maximum((n + 2 * p - c) // s + 1, 0)

        def read_before(y: Any) -> Any:
            return y // s * c + np.minimum(y % s, c)

        apart = read_before(np.minimum(n + p, m * s)) - read_before(p)
        overlapping = np.minimum(n + p, (m - 1) * s + c) - p
        return np.where(m > 0, np.maximum(np.where(c < s, apart, overlapping), 0), 0) / n


@lru_cache(maxsize=2**17)
def rows_read(n: int, windows: tuple[tuple[int, ...], ...]) -> int:
    """How many rows of an input of side ``n`` a chain of windows reads; 0 if one does not fit.

    A window is its kernel, padding, stride and dilation. Rows are the bits of an integer.
    """
    sides = [n]
    for c, p, s, d in windows:
        if c != WHOLE_MAP and d * (c - 1) + 1 > sides[-1] + 2 * p:
            return 0
        sides.append(1 if c == WHOLE_MAP else out_side(sides[-1], c, p, s, d))
    read = (1 << sides.pop()) - 1
    for c, p, s, d in reversed(windows):
        side = sides.pop()
        spread = _repeated(_spaced(read, s), d, c or side)
        read = spread >> p & (1 << side) - 1
    return read.bit_count()


def _spaced(rows: int, step: int) -> int:
    """Rows moved apart: row ``i`` becomes row ``i · step``."""
    count = rows.bit_length()
    if step == 1 or not rows:
        return rows
    if rows == (1 << count) - 1:
        return _repeated(1, step, count)
    return sum(1 << row * step for row in range(count) if rows >> row & 1)


def _repeated(rows: int, step: int, times: int) -> int:
    """Rows and copies of them, each ``step`` further on; doubled, not added one by one."""
    done = 1
    while done < times:
        more = min(done, times - done)
        rows |= rows << more * step
        done += more
    return rows
