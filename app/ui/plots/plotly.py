"""A chart as a figure of Plotly: plain data.

Colours are CSS variables, which ``plots.js`` replaces by their values in the page's scheme. It also
sees to it that the axes that ``layout.meta`` names have whole ticks, however a reader zooms.
"""

import math
from collections.abc import Sequence
from html import escape
from typing import Any, Final

from app.ui.plots import marks, scales
from app.ui.plots.chart import Axis, Chart, Mark, Series
from app.ui.plots.scales import Span

_SYMBOLS: Final[dict[Mark, str]] = {
    "circle": "circle",
    "square": "square",
    "triangle": "triangle-up",
    "diamond": "diamond",
    "cross": "x-thin",
}
_DASHES: Final[dict[Mark, str]] = {
    "circle": "solid",
    "square": "dash",
    "triangle": "dot",
    "diamond": "dashdot",
    "cross": "longdash",
}
DIGITS: Final = 7
"""Significant digits of a point's place; more would not be seen."""


def figure(chart: Chart) -> dict[str, Any]:
    """The figure: its traces and its layout."""
    x, y = scales.spans(chart)
    traces = [trace for series in chart.series for trace in _traces(series, chart)]
    lines = [_line_at(value) for value, _ in chart.horizontal]
    notes = [_note_at(value, text, chart.y) for value, text in chart.horizontal]
    axes = {"xaxis": chart.x, "yaxis": chart.y}
    layout = {
        "xaxis": _axis(chart.x, x),
        "yaxis": _axis(chart.y, y),
        "meta": {"whole": [name for name, axis in axes.items() if axis.is_whole]},
        "shapes": lines,
        "annotations": notes,
        "showlegend": len(chart.series) > 1,
    }
    return {"data": traces, "layout": layout}


def _axis(axis: Axis, span: Span) -> dict[str, Any]:
    drawn: dict[str, Any] = {
        "title": {"text": escape(axis.title)},
        "type": axis.scale,
        "range": list(span.ends),
    }
    if axis.is_percent:
        drawn["tickformat"] = ".3~%"
    return drawn


def _traces(series: Series, chart: Chart) -> list[dict[str, Any]]:
    name = escape(series.name)
    trace: dict[str, Any] = {
        "type": "scatter",
        "name": name,
        "legendgroup": name,
        "x": _rounded(series.x),
        "y": _rounded(series.y),
        "text": [escape(text) for text in series.names],
        "hovertemplate": _hover(series, chart),
    }
    if series.links:
        trace["customdata"] = list(series.links)
    elif series.counts:
        trace["customdata"] = list(series.counts)
    if not series.is_line:
        return [trace | {"mode": "markers", "marker": _marker(series)} | _error(series)]
    line = {"color": series.paint, "dash": _DASHES[series.mark], "width": 2}
    drawn = trace | {"mode": "lines", "line": line}
    return [*_band(series), drawn] if series.low else [drawn]


def _hover(series: Series, chart: Chart) -> str:
    """What is told of a point: its name, or its place and what it stands for."""
    if series.names:
        return "%{text}<extra></extra>"
    told = f"{escape(chart.x.title)}: %{{x}}<br>{escape(chart.y.title)}: %{{y}}"
    if series.counts and not series.links:
        told += "<br>stands for %{customdata:,}"
    return told + f"<extra>{escape(series.name)}</extra>"


def _marker(series: Series) -> dict[str, Any]:
    sizes = [2 * marks.radius(count) for count in series.counts]
    return {
        "color": series.paint,
        "symbol": _SYMBOLS[series.mark],
        "size": sizes or 2 * marks.RADIUS,
        "opacity": 0.8,
        "line": {"width": 2 if series.mark == "cross" else 0, "color": series.paint},
    }


def _error(series: Series) -> dict[str, Any]:
    """The error bars of points, as distances from them."""
    if not series.low:
        return {}
    above = [high - y for high, y in zip(series.high, series.y, strict=True)]
    below = [y - low for y, low in zip(series.y, series.low, strict=True)]
    bars = {"type": "data", "symmetric": False, "array": _rounded(above), "color": series.paint}
    return {"error_y": bars | {"arrayminus": _rounded(below), "thickness": 1.5, "width": 4}}


def _band(series: Series) -> list[dict[str, Any]]:
    """The ends of a line's intervals, with the room between them filled."""
    common = {
        "type": "scatter",
        "mode": "lines",
        "legendgroup": escape(series.name),
        "showlegend": False,
        "hoverinfo": "skip",
        "line": {"width": 0},
        "x": _rounded(series.x),
    }
    filled = {"fill": "tonexty", "fillcolor": f"{series.paint} 0.16"}
    return [common | {"y": _rounded(series.low)}, common | {"y": _rounded(series.high)} | filled]


def _line_at(value: float) -> dict[str, Any]:
    at = {"x0": 0, "x1": 1, "xref": "paper", "y0": value, "y1": value}
    return {"type": "line", **at, "line": {"dash": "dot", "width": 1.5, "color": "var(--muted)"}}


def _note_at(value: float, text: str, axis: Axis) -> dict[str, Any]:
    height = math.log10(value) if axis.scale == "log" else value
    at = {"x": 1, "xref": "paper", "xanchor": "right", "y": height, "yanchor": "bottom"}
    return {**at, "text": escape(text), "showarrow": False}


def _rounded(values: Sequence[float]) -> list[float | None]:
    """Values in as many digits as can be seen; JSON has no NaN."""
    return [_number(value) for value in values]


def _number(value: float) -> float | None:
    if not math.isfinite(value):
        return None
    return value if isinstance(value, int) else float(f"{value:.{DIGITS}g}")
