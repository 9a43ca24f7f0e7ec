"""Figures as answers."""

import json

from fastapi import Response

from app.api.encodings import encoded
from app.ui.plots import plotly
from app.ui.plots.chart import Chart


def figure(chart: Chart, accepted: str | None) -> Response:
    """A chart as Plotly's figure, compressed where the browser takes it."""
    content = json.dumps(plotly.figure(chart), separators=(",", ":"), allow_nan=False).encode()
    return encoded(content, accepted, "application/json")
