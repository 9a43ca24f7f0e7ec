"""The legend below a drawing."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from app.ui.plots import marks
from app.ui.plots.chart import Series
from app.ui.plots.frame import HEIGHT, LEFT, WIDTH

MOST_NAMED: Final = 14
ROW: Final = 26
_KEY: Final = 5
"""The size of a mark."""
_LETTER: Final = 10.5
"""The width of a letter on narrow screens."""


def legend(series: Sequence[Series]) -> tuple[list[Markup], int]:
    """The names of the series where there are several, and the height of the whole picture."""
    if len(series) < 2:
        return [], HEIGHT
    named = [one.name for one in series[:MOST_NAMED]]
    if len(series) > MOST_NAMED:
        named.append(f"and {len(series) - MOST_NAMED} more")
    widest = max(map(len, named)) * _LETTER + 34
    columns = max(1, int((WIDTH - LEFT) // widest))
    entries = []
    for place, name in enumerate(named):
        x, y = LEFT + place % columns * widest, HEIGHT + 12 + place // columns * ROW
        if place < MOST_NAMED:
            entries.append(_key(series[place], x, y))
        entries.append(Markup('<text x="{:.0f}" y="{}">{}</text>').format(x + 18, y + 5, name))
    return entries, HEIGHT + 12 + -(-len(named) // columns) * ROW


def _key(one: Series, x: float, y: float) -> Markup:
    """The mark of a series, small where all its points are; that of a line is its colour."""
    size = min(_KEY, marks.radius(max(one.counts))) if one.counts else _KEY
    path = f"M{x - 4:.0f} {y}h16" if one.is_line else marks.outline(one.mark, x + 4, y, size)
    paint = "none" if one.is_line or one.mark == "cross" else one.paint
    return Markup('<path d="{}" fill="{}" stroke="{}" stroke-width="1.8"/>').format(
        path, paint, one.paint
    )
