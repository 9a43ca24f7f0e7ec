"""Accuracy against resolution, as a Plotly figure: plain data, drawn by the page that shows it.

Colours are CSS variables, which the page replaces by their values in its light or dark scheme.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise
from typing import Any, Final

from app.ui.experiment import Row
from app.ui.sentences import percent, points

WIDEST_STEP: Final = 0.16
"""The widest step between networks of one resolution, as a share of the least resolution gap."""
BESIDE: Final = 0.03
"""The distance from a network's mean to its seeds, as a share of the same gap."""
MOST_LABELS: Final = 40


def accuracy_plot(rows: Sequence[Row]) -> dict[str, Any]:
    """A dot for each seed, and a marker for each network's mean, with its standard deviation.

    Networks of one resolution stand side by side, so that none hides another.
    """
    trained = [row for row in rows if row.mean is not None]
    places = places_of((row.id, row.resolution) for row in trained)
    data = []
    for is_original, name in ((True, "original"), (False, "variant")):
        group = [row for row in trained if (row.label == "original") is is_original]
        colour = "var(--ink)" if is_original else "var(--accent)"
        symbol = "diamond" if is_original else "circle"
        data += [_seeds(group, places, name, colour), _means(group, places, name, colour, symbol)]
    data.append(_labels(trained[:MOST_LABELS], places))
    return {"data": data, "layout": _layout(trained)}


def places_of(networks: Iterable[tuple[str, int]]) -> dict[str, float]:
    """Where networks, given by id and resolution, stand on the axis of resolutions."""
    groups = defaultdict(list)
    for id_, resolution in networks:
        groups[resolution].append(id_)
    gap = _gap(groups)
    crowd = max((len(ids) for ids in groups.values()), default=1)
    step = gap * min(WIDEST_STEP, 0.6 / crowd)
    return {
        id_: resolution + step * (position - (len(ids) - 1) / 2)
        for resolution, ids in groups.items()
        for position, id_ in enumerate(ids)
    }


def _gap(resolutions: Iterable[int]) -> int:
    """The least distance between two resolutions, in pixels."""
    return min((high - low for low, high in pairwise(sorted(resolutions))), default=1)


def _seeds(rows: Sequence[Row], places: dict[str, float], name: str, colour: str) -> dict[str, Any]:
    gap = _gap({row.resolution for row in rows})
    dots = [(row, seed, accuracy) for row in rows for seed, accuracy in row.seeds]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": f"one seed ({name})",
        "x": [places[row.id] - BESIDE * gap for row, _, _ in dots],
        "y": [accuracy for _, _, accuracy in dots],
        "text": [f"{row.label}, seed {seed}: {accuracy:.2%}" for row, seed, accuracy in dots],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"size": 6, "color": colour, "opacity": 0.4},
    }


def _means(
    rows: Sequence[Row], places: dict[str, float], name: str, colour: str, symbol: str
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": f"{name}: mean ± sd",
        "x": [places[row.id] for row in rows],
        "y": [row.mean for row in rows],
        "error_y": {
            "type": "data",
            "array": [row.sd or 0 for row in rows],
            "color": colour,
            "thickness": 1.5,
            "width": 4,
        },
        "text": [_hover(row) for row in rows],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {
            "size": 11,
            "color": colour,
            "symbol": symbol,
            "line": {"width": 1.5, "color": "var(--paper)"},
        },
    }


def _hover(row: Row) -> str:
    lines = [
        f"<b>{escape(row.label)}</b> · {row.resolution} px",
        f"{percent(row.mean)} ± {percent(row.sd)} ({row.n} seeds)",
        "" if row.gain is None else f"{points(row.gain)} against the original",
        escape(row.assignment),
        "" if row.params is None else f"{row.params:,} parameters",
    ]
    return "<br>".join(line for line in lines if line)


def _labels(rows: Sequence[Row], places: dict[str, float]) -> dict[str, Any]:
    """Names above the highest mark of each network."""
    tops = [
        max([(row.mean or 0) + (row.sd or 0), *(accuracy for _, accuracy in row.seeds)])
        for row in rows
    ]
    return {
        "type": "scatter",
        "mode": "text",
        "x": [places[row.id] for row in rows],
        "y": tops,
        "text": [row.label for row in rows],
        "textposition": "top center",
        "textfont": {"color": "var(--ink)", "size": 12},
        "hoverinfo": "skip",
        "showlegend": False,
        "cliponaxis": False,
    }


def _layout(rows: Sequence[Row]) -> dict[str, Any]:
    axis = {
        "gridcolor": "var(--line)",
        "linecolor": "var(--line)",
        "zeroline": False,
        "automargin": True,
    }
    resolutions = sorted({row.resolution for row in rows})
    baseline = [row.mean for row in rows if row.label == "original"]
    return {
        "xaxis": {
            **axis,
            "title": {"text": "resolution (pixels)"},
            "range": _range(resolutions),
            "tickvals": resolutions if len(resolutions) <= 20 else None,
            "showgrid": False,
        },
        "yaxis": {**axis, "title": {"text": "test accuracy"}, "tickformat": ".1~%"},
        "shapes": [_line(accuracy) for accuracy in baseline],
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": "var(--ink)"},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "hoverlabel": {"align": "left"},
    }


def _range(resolutions: Sequence[int]) -> list[float] | None:
    """The range of the axis: half a gap beyond the outermost resolutions."""
    margin = _gap(resolutions) / 2
    return [resolutions[0] - margin, resolutions[-1] + margin] if resolutions else None


def _line(accuracy: float | None) -> dict[str, Any]:
    """A line across the plot at the original's mean, to compare with."""
    return {
        "type": "line",
        "layer": "below",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": accuracy,
        "y1": accuracy,
        "line": {"dash": "dot", "width": 1.5, "color": "var(--muted)"},
    }
