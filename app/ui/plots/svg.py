"""Draws a chart as SVG, on the server: what is seen before scripts run, and without them."""

import math
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Final

from markupsafe import Markup

from app.ui.plots import marks, scales
from app.ui.plots.chart import Axis, Chart, Mark, Series
from app.ui.plots.frame import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Frame, Point
from app.ui.plots.legend import MOST_NAMED, legend
from app.ui.plots.scales import Span
from app.ui.sentences import percent
from app.ui.texts import short

MOST_TICKS: Final = 6
_DASHES: Final[dict[Mark, str]] = {
    "circle": "none",
    "square": "7 4",
    "triangle": "2 3",
    "diamond": "9 3 2 3",
    "cross": "12 3",
}


def svg(chart: Chart) -> Markup:
    """The picture of a chart."""
    frame = Frame(*scales.spans(chart))
    names, height = legend(chart.series)
    has_links = any(series.links for series in chart.series)
    inner = [
        *_axes(chart, frame),
        *(_horizontal(frame, value, text) for value, text in chart.horizontal),
        *(part for series in chart.series for part in _series(series, frame)),
        *names,
    ]
    return Markup(
        '<svg viewBox="0 0 {} {}" role="{}" aria-label="{}"><desc>{}</desc>{}</svg>'
    ).format(
        WIDTH,
        height,
        "group" if has_links else "img",
        chart.title,
        _described(chart, frame),
        Markup("").join(inner),
    )


def _described(chart: Chart, frame: Frame) -> str:
    """What a chart shows, for those who do not see it."""
    total = sum(sum(series.counts) or len(series.x) for series in chart.series)
    ends = f"{_range(chart.y, frame.y)}, against {_range(chart.x, frame.x)}"
    names = ", ".join(series.name for series in chart.series[:MOST_NAMED] if series.name)
    return f"{total:,} points; {ends}; {names}"


def _range(axis: Axis, span: Span) -> str:
    write = percent if axis.is_percent else short
    return f"{axis.title} from {write(span.low)} to {write(span.high)}"


def _axes(chart: Chart, frame: Frame) -> Iterator[Markup]:
    """Grid lines, ticks and titles; the title of y stands above it, to be read level."""
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    grid, text = _path("var(--line)"), Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>')
    marks_x = scales.ticks(frame.x, MOST_TICKS, is_whole=chart.x.is_whole)
    for value, label in zip(marks_x, scales.labels(chart.x, marks_x), strict=True):
        x = round(frame.across(value), 1)
        yield grid.format(f"M{x} {TOP}V{bottom + 5}")
        yield text.format(x, bottom + 22, "middle", label)
    marks_y = scales.ticks(frame.y, MOST_TICKS, is_whole=chart.y.is_whole)
    for value, label in zip(marks_y, scales.labels(chart.y, marks_y), strict=True):
        y = round(frame.down(value), 1)
        yield grid.format(f"M{LEFT - 5} {y}H{right}")
        yield text.format(LEFT - 9, y + 5, "end", label)
    yield text.format((LEFT + right) / 2, HEIGHT - 10, "middle", chart.x.title)
    yield text.format(4, 17, "start", chart.y.title)


def _horizontal(frame: Frame, value: float, text: str) -> Markup:
    y = round(frame.down(value), 1)
    line = Markup(
        '<path d="M{} {}H{}" fill="none" stroke="var(--muted)" stroke-dasharray="2 3"/>'
        '<text x="{}" y="{}" text-anchor="end">{}</text>'
    )
    return line.format(LEFT, y, WIDTH - RIGHT, WIDTH - RIGHT - 4, y - 5, text)


def _series(series: Series, frame: Frame) -> Iterator[Markup]:
    if series.is_line:
        yield from _line(series, frame)
        return
    if series.low:
        yield _bars(series, frame)
    points = frame.points(series.x, series.y)
    if series.names or series.links:
        yield from _told(series, points)
    else:
        yield from _crowd(series, points)


def _line(series: Series, frame: Frame) -> Iterator[Markup]:
    if series.low:
        ends = frame.points(series.x, series.high), frame.points(series.x, series.low)
        around = [point for point in [*ends[0], *reversed(ends[1])] if _is_placed(point)]
        band = Markup('<path d="M{}z" fill="{}" fill-opacity="0.16"/>')
        yield band.format("L".join(map(_place, around)), series.paint) if around else Markup("")
    line = Markup(
        '<path d="{}" fill="none" stroke="{}" stroke-width="2" stroke-linecap="round"'
        ' stroke-dasharray="{}"><title>{}</title></path>'
    )
    path = _joined(frame.points(series.x, series.y))
    yield line.format(path, series.paint, _DASHES[series.mark], series.name)


def _joined(points: Sequence[Point]) -> str:
    """A path through points, interrupted where one has no place."""
    parts, is_down = [], False
    for point in points:
        if _is_placed(point):
            parts.append(f"{'L' if is_down else 'M'}{_place(point)}h0")
        is_down = _is_placed(point)
    return "".join(parts)


def _bars(series: Series, frame: Frame) -> Markup:
    """Error bars of points, with caps."""
    lows, highs = frame.points(series.x, series.low), frame.points(series.x, series.high)
    path = "".join(
        f"M{x:.1f} {low:.1f}V{high:.1f}m-4 0h8M{x - 4:.1f} {low:.1f}h8"
        for (x, low), (_, high) in zip(lows, highs, strict=True)
        if _is_placed((x, low)) and math.isfinite(high)
    )
    return _path(series.paint).format(path)


def _told(series: Series, points: Sequence[Point]) -> Iterator[Markup]:
    """Points with a name or a link each."""
    mark = Markup('<path d="{}" {}>{}</path>')
    for point, name, link, count in zip_longest(points, series.names, series.links, series.counts):
        if not _is_placed(point):
            continue
        size = marks.RADIUS if count is None else marks.radius(count)
        title = Markup("<title>{}</title>").format(name) if name else Markup("")
        drawn = mark.format(
            marks.outline(series.mark, point[0], point[1], size), _ink(series), title
        )
        yield (
            Markup('<a href="{}" aria-label="{}">{}</a>').format(link, name or series.name, drawn)
            if link
            else drawn
        )


def _crowd(series: Series, points: Sequence[Point]) -> Iterator[Markup]:
    """Points without names: one path for all of a size, which is short."""
    for size, some in marks.by_size(points, series.counts).items():
        path = "".join(marks.outline(series.mark, *it, size) for it in some if _is_placed(it))
        yield Markup('<path d="{}" {}/>').format(path, _ink(series))


def _ink(series: Series) -> Markup:
    """How marks are painted; crosses are lines."""
    if series.mark == "cross":
        return Markup('fill="none" stroke="{}" stroke-width="1.8"').format(series.paint)
    return Markup('fill="{}" fill-opacity="0.8"').format(series.paint)


def _path(paint: str) -> Markup:
    return Markup('<path d="{{}}" fill="none" stroke="{}"/>').format(paint)


def _place(point: Point) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"


def _is_placed(point: Point) -> bool:
    return math.isfinite(point[0]) and math.isfinite(point[1])
