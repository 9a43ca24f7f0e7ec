"""Marks of points, as SVG paths."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

from app.ui.plots.chart import Mark

RADIUS = 4.5


def radius(count: int) -> float:
    """The size of a point that stands for a number of things: it grows with the logarithm."""
    return round(RADIUS - 1.5 + 1.3 * math.log10(count), 1)


def outline(mark: Mark, x: float, y: float, size: float) -> str:
    """The path of one mark around a point."""
    r = f"{size:g}"
    if mark == "circle":
        d = f"{2 * size:g}"
        return f"M{x - size:.1f} {y:.1f}a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0-{d} 0z"
    if mark == "square":
        side = f"{1.8 * size:.1f}"
        return f"M{x - 0.9 * size:.1f} {y - 0.9 * size:.1f}h{side}v{side}h-{side}z"
    if mark == "diamond":
        side = f"{1.25 * size:.1f}"
        return f"M{x:.1f} {y - 1.25 * size:.1f}l{side} {side}-{side} {side}-{side}-{side}z"
    if mark == "triangle":
        side = f"{1.1 * size:.1f}"
        return f"M{x:.1f} {y - 1.2 * size:.1f}l{side} {2 * size:.1f}h-{2.2 * size:.1f}z"
    arm, d = f"{0.9 * size:.1f}", f"{1.8 * size:.1f}"
    return f"M{x - 0.9 * size:.1f} {y - 0.9 * size:.1f}l{d} {d}m0-{d}l-{d} {d}m{arm}-{arm}"


def by_size(
    points: Iterable[tuple[float, float]], counts: Sequence[int]
) -> dict[float, list[tuple[float, float]]]:
    """Points by the size of their marks, the largest first: small ones lie on top."""
    groups: dict[float, list[tuple[float, float]]] = defaultdict(list)
    for place, point in enumerate(points):
        groups[radius(counts[place]) if counts else RADIUS].append(point)
    return dict(sorted(groups.items(), reverse=True))
