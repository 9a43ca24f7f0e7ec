"""The frame of a drawing: where values stand in the picture."""

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

from app.ui.plots.scales import Span

WIDTH: Final = 720
HEIGHT: Final = 420
LEFT: Final = 68
RIGHT: Final = 16
TOP: Final = 30
BOTTOM: Final = 58
"""Margins. Letters are larger on narrow screens (``plots.css``), and still fit."""

Point: TypeAlias = tuple[float, float]


class Frame(NamedTuple):
    """The ranges of both axes."""

    x: Span
    y: Span

    def across(self, value: float) -> float:
        """The place of a value of x, from the left."""
        return LEFT + self.x.place(value) * (WIDTH - LEFT - RIGHT)

    def down(self, value: float) -> float:
        """The place of a value of y, from the top."""
        return HEIGHT - BOTTOM - self.y.place(value) * (HEIGHT - TOP - BOTTOM)

    def points(self, x: Sequence[float], y: Sequence[float]) -> list[Point]:
        """The places of points; NaN where a value has none."""
        return [(self.across(a), self.down(b)) for a, b in zip(x, y, strict=True)]
