"""Charts for tests."""

from typing import Any

from app.ui.plots.chart import Axis, Chart, Series


def chart(*series: Series, **fields: Any) -> Chart:
    """A chart of some series over plain axes."""
    given = {"title": "A plot", "x": Axis("parameters"), "y": Axis("FLOPs"), **fields}
    return Chart(series=series, **given)


def points(**fields: Any) -> Series:
    """Three points."""
    return Series(**{"name": "variants", "x": [1, 2, 3], "y": [4.0, 5.0, 6.0], **fields})
