"""Figures as answers."""

import gzip
import json
from typing import Final

from fastapi import Response

from app.api.tables import takes_gzip
from app.web.plots import plotly
from app.web.plots.chart import Chart

LEVEL: Final = 6


def figure(chart: Chart, accepted: str | None) -> Response:
    """A chart as Plotly's figure, compressed where the browser takes it."""
    content = json.dumps(plotly.figure(chart), separators=(",", ":"), allow_nan=False).encode()
    headers = {"Vary": "Accept-Encoding"}
    if takes_gzip(accepted):
        content = gzip.compress(content, LEVEL)
        headers["Content-Encoding"] = "gzip"
    return Response(content, headers=headers, media_type="application/json")
