"""The rows of the input that the first convolution reads, for many variants."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from solver.network.counting import rows_read
from solver.network.layers import Layer, Sliding
from solver.variation.template import Template, convolutions
from solver.variation.unknown import RESOLUTION

if TYPE_CHECKING:
    from solver.variation.numbers import Columns


@dataclass(frozen=True)
class Coverage:
    """The share of the input's rows that the first convolution of a template's variants reads."""

    template: Template

    @cached_property
    def _end(self) -> int:
        """The place behind the first convolution; 0 if there is none."""
        found = convolutions(self.template.layers)
        return found[0] + 1 if found else 0

    @cached_property
    def symbols(self) -> list[str]:
        """The unknowns that the share depends on: those of windows up to the first convolution."""
        places = range(self._end)
        windows = [place for place in places if place in self.template.windows]
        fields = (
            self.template.symbol(place, field)
            for place in windows
            for field in ("kernel_size", "padding", "stride", "dilation")
        )
        return [RESOLUTION, *sorted(symbol for symbol in fields if symbol)]

    def rows(self, values: Mapping[str, int]) -> int:
        """Number of rows that one variant reads; 0 if a window does not fit."""
        return int(self._rows(tuple([int(values[symbol]) for symbol in self.symbols])))

    @cached_property
    def _rows(self) -> Any:
        @lru_cache(maxsize=2**17)
        def rows(values: tuple[int, ...]) -> int:
            if not self._end:
                return self._image_rows(values[0])
            front = self.template.walk(dict(zip(self.symbols, values, strict=True)), self._end)
            return rows_read(front, self._end - 1).bit_count() if front.fits(self._end) else 0

        return rows

    def share(self, values: Mapping[str, int]) -> float:
        """The share of one variant."""
        return self.rows(values) / self._image_rows(values[RESOLUTION])

    def shares(self, rows: "Columns") -> Any:
        """The shares of many variants, as a column."""
        return self.rows_of(rows) / rows.image[1]

    def _image_rows(self, resolution: int) -> int:
        return int(self.template.original.input.scaled(resolution)[1])

    def rows_of(self, rows: "Columns") -> Any:
        """Number of rows that each of many variants reads; equal values are computed once."""
        import numpy as np  # the API describes variants without loading numpy

        if self._is_a_plain_window:
            return self._of_a_plain_window(rows)
        grid = np.stack([rows[symbol].astype(np.int64) for symbol in self.symbols])
        distinct, place = np.unique(grid, axis=1, return_inverse=True)
        return np.array([self._rows(tuple(column)) for column in distinct.T.tolist()])[place]

    @property
    def _is_a_plain_window(self) -> bool:
        """Whether conv1 has no dilation, and no layer before it changes which rows are read."""
        if not self._end:
            return False
        *before, first = self.template.symbols.layers[: self._end]
        return (
            isinstance(first, Sliding)
            and all(type(layer).rows_read is Layer.rows_read for layer in before)
            and not first.keeps_sides
            and first.along(0).d == 1
        )

    def _of_a_plain_window(self, rows: "Columns") -> Any:
        """The number of rows in closed form, for a plain window.

        Row ``y`` of the padded input is read if it lies in the first ``m`` strides and
        ``y mod s < c``. If kernels overlap, all rows up to the end of the last kernel are read.
        """
        import numpy as np

        n, conv1 = rows.image[1], rows.layers[self._end - 1]
        assert isinstance(conv1, Sliding)
        c, p, _, s, _ = conv1.along(0)
        m = np.maximum((n + 2 * p - c) // s + 1, 0)

        def read_before(y: Any) -> Any:
            return y // s * c + np.minimum(y % s, c)

        apart = read_before(np.minimum(n + p, m * s)) - read_before(p)
        overlapping = np.minimum(n + p, (m - 1) * s + c) - p
        return np.where(m > 0, np.maximum(np.where(c < s, apart, overlapping), 0), 0)
