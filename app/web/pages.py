"""Renders pages from their templates, and says what a browser may do with them."""

from typing import Any, Final

from fastapi import Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from app.api.encodings import encoded
from app.ui import texts
from app.ui.plots import plotly, svg
from app.web import assets
from app.web.access import visitors

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # Plotly sets styles on what it draws
        "img-src 'self' data: blob:",  # pictures of plots to download
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""The Content-Security-Policy of all pages: no script but our own files, nothing from elsewhere."""

HTML: Final = "text/html; charset=utf-8"

TEMPLATES: Final = Environment(
    loader=PackageLoader("app.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def csrf_field(request: Request) -> Markup:
    """The field that every form which changes something carries."""
    field = Markup('<input type="hidden" name="{}" value="{}">')
    return field.format(visitors.FIELD, visitors.token_of(request))


TEMPLATES.globals.update(
    asset=assets.url, csrf_field=csrf_field, is_signed_in=visitors.is_signed_in
)
TEMPLATES.filters.update(texts.FILTERS, svg=svg.svg, plotly=plotly.figure)


def page(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """A page, or a part of one, made from a template, and compressed where the browser takes it.

    Every template is given ``request`` and ``here``, the path of the page, beside ``values``.
    A form's token is compressed, too: no other site can ask for the page of a visitor, whose cookie
    is not sent from there, to tell the token from sizes (the attack BREACH).
    """
    text = TEMPLATES.get_template(template).render(request=request, here=request.url.path, **values)
    accepted = request.headers.get("accept-encoding")
    headers = {"Content-Security-Policy": POLICY}
    response = encoded(text.encode(), accepted, HTML, status=status, headers=headers)
    visitors.remember(request, response)
    return response
