"""Draws a figure as SVG and PNG: the same bytes for the same study."""

import re
from collections.abc import Callable
from io import BytesIO
from threading import Lock
from typing import Final, NamedTuple

from matplotlib import rc_context
from matplotlib.figure import Figure

from app.schemas.studies import StudyView
from app.ui.studies.figures.style import IN_PAGES, SETTINGS

DOTS_PER_INCH: Final = 200
_NO_DATE: Final = {"Date": None, "Creator": None}
_DRAWING: Final = Lock()
"""Matplotlib's settings are global: a server's threads draw one after the other."""
_NAMES: Final = re.compile(r'(\bid="|href="#|url\(#)')


class Drawn(NamedTuple):
    """A figure in both formats."""

    svg: str
    png: bytes


def draw(name: str, make: Callable[[StudyView], Figure], study: StudyView) -> Drawn:
    """Make a figure; its name goes into the ids inside the SVG, which no other figure shares."""
    with _DRAWING, rc_context({**SETTINGS, "svg.hashsalt": name}):
        figure = make(study)
        return Drawn(_svg(name, figure), _png(figure))


def draw_svg(name: str, make: Callable[[StudyView], Figure], study: StudyView) -> str:
    """The SVG of :func:`draw` alone."""
    with _DRAWING, rc_context({**SETTINGS, "svg.hashsalt": name}):
        return _svg(name, make(study))


def _svg(name: str, figure: Figure) -> str:
    svg = BytesIO()
    figure.savefig(svg, format="svg", facecolor="white", metadata=_NO_DATE)
    return _NAMES.sub(rf"\g<1>{name}-", svg.getvalue().decode())


def _png(figure: Figure) -> bytes:
    png = BytesIO()
    figure.savefig(
        png, format="png", facecolor="white", dpi=DOTS_PER_INCH, metadata={"Software": None}
    )
    return png.getvalue()


def for_page(svg: str) -> str:
    """The ``<svg>`` element alone, in the colours of the page around it and on its background."""
    element = svg[svg.index("<svg") :]
    element = re.sub(r'<g id="[^"]*patch_1">.*?</g>', "", element, count=1, flags=re.DOTALL)
    for colour, variable in IN_PAGES.items():
        element = element.replace(colour, variable)
    return element
