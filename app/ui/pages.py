"""The templates of all reports, how they write numbers, and how they draw plots."""

from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from app.ui.plots.svg import svg
from app.ui.sentences import percent, points

PAGES: Final = Environment(
    loader=PackageLoader("app.ui"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
PAGES.filters.update(percent=percent, points=points, svg=svg)
