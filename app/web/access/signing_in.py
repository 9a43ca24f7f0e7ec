"""Turning people without a valid key away: to the page where they can sign in."""

from typing import Final
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.types import Scope

from app.web.readers import wants_page
from app.web.routes import error_page

SIGN_IN: Final = "/sign-in"


def turned_away(scope: Scope, answer: Response) -> Response:
    """Show a person why a request is not let in; programs get the answer as it is."""
    request = Request(scope)
    if not wants_page(request):
        return answer
    if answer.status_code == 401 and request.method in ("GET", "HEAD"):
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"{SIGN_IN}?next={quote(request.url.path + query, safe='')}", 303)
    return error_page(request, answer)


def local(address: str) -> str:
    """An address on this service; the first page where it would lead elsewhere.

    Browsers take ``//host`` and ``/\\host`` for other hosts, and drop tabs and line ends.
    """
    is_local = address.startswith("/") and address[1:2] not in ("/", "\\")
    return address if is_local and address.isprintable() else "/"
