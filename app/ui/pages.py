"""The templates of all pages, and how they write numbers."""

from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from app.ui.sentences import percent, points

PAGES: Final = Environment(
    loader=PackageLoader("app.ui"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
PAGES.filters.update(percent=percent, points=points)
