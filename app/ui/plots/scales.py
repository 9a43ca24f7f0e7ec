"""Scales of axes: ranges with room around the data, round ticks, and their labels."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from app.ui.plots.chart import Axis, Chart, Scale
from app.ui.texts import MINUS, short

ROOM: Final = 0.04
"""Room on each side of the data, as a share of their range."""
_STEPS: Final = (1, 2, 2.5, 5, 10)
_UNITS: Final = ((1e12, 1e12, " T"), (1e9, 1e9, " G"), (1e6, 1e6, " M"), (1e4, 1e3, " k"))
"""From which number on labels have a unit, the unit's size, and the unit."""
_MOST_DIGITS: Final = 9


@dataclass(frozen=True)
class Span:
    """The range of an axis."""

    low: float
    high: float
    scale: Scale = "linear"

    def place(self, value: float) -> float:
        """Where a value stands: 0 at the low end, 1 at the high one; NaN where it cannot."""
        if self.scale == "linear":
            return (value - self.low) / (self.high - self.low)
        if value <= 0:
            return math.nan
        return math.log(value / self.low) / math.log(self.high / self.low)

    @property
    def ends(self) -> tuple[float, float]:
        """Both ends as Plotly writes them: powers of 10 on a logarithmic axis."""
        if self.scale == "linear":
            return self.low, self.high
        return math.log10(self.low), math.log10(self.high)


def spans(chart: Chart) -> tuple[Span, Span]:
    """The ranges of a chart's axes: of all points, intervals and lines."""
    x = [value for series in chart.series for value in series.x]
    y = [
        value
        for series in chart.series
        for values in (series.y, series.low, series.high)
        for value in values
    ]
    return span(chart.x, x), span(chart.y, [*y, *(value for value, _ in chart.horizontal)])


def span(axis: Axis, values: Iterable[float]) -> Span:
    """The range of an axis: the one that is given, else that of values with room around it."""
    is_log = axis.scale == "log"
    shown = [value for value in values if math.isfinite(value) and (value > 0 or not is_log)]
    low, high = (min(shown), max(shown)) if shown else ((1.0, 10.0) if is_log else (0.0, 1.0))
    if is_log:
        room = (high / low) ** ROOM if high > low else 1.5
        low, high = low / room, high * room
    else:
        room = (high - low) * ROOM or abs(low) * ROOM or 1.0
        low, high = low - room, high + room
    low = low if axis.low is None else axis.low
    high = high if axis.high is None else axis.high
    return Span(low, high, axis.scale)


def ticks(span: Span, most: int, *, is_whole: bool = False) -> list[float]:
    """Round numbers within a range, up to about ``most``; whole ones if asked for."""
    if span.scale == "log":
        powers = [power for power in _powers(span, most) if power >= 1 or not is_whole]
        if len(powers) > 1:
            return powers
    step = _round_step((span.high - span.low) / most, is_whole=is_whole)
    first = math.ceil(span.low / step - 1e-9)
    last = math.floor(span.high / step + 1e-9)
    return [n * step for n in range(first, last + 1)]


def _powers(span: Span, most: int) -> list[float]:
    """Powers of 10, with 2 and 5 times each where there is room."""
    first, last = (math.floor(math.log10(end)) for end in (span.low, span.high))
    every = max(1, math.ceil((last - first) / most))
    digits = (1, 2, 5) if (last - first) * 3 <= most else (1,)
    marks = [d * 10.0**n for n in range(first, last + 1, every) for d in digits]
    return [mark for mark in marks if span.low <= mark <= span.high]


def _round_step(least: float, *, is_whole: bool) -> float:
    least = max(least, 1.0) if is_whole else least
    size = 10.0 ** math.floor(math.log10(least))
    steps = (step * size for step in _STEPS if step * size >= least * (1 - 1e-9))
    return next(step for step in steps if not is_whole or step.is_integer())


def labels(axis: Axis, marks: Sequence[float]) -> list[str]:
    """The ticks of an axis in words, with as many digits as tell them apart."""
    if axis.scale == "log" and not axis.is_percent:
        return [short(mark) for mark in marks]
    largest = max(map(abs, marks), default=0.0)
    units = ((size, unit) for least, size, unit in _UNITS if largest >= least)
    size, unit = (0.01, "%") if axis.is_percent else next(units, (1.0, ""))
    digits = max((_digits(mark / size) for mark in marks), default=0)
    return [f"{mark / size:,.{digits}f}{unit}".replace("-", MINUS) for mark in marks]


def _digits(value: float) -> int:
    """How many digits a number has behind the point."""
    close = (n for n in range(_MOST_DIGITS) if math.isclose(value, round(value, n), abs_tol=1e-12))
    return next(close, _MOST_DIGITS)
