"""Who a browser says that it is: by the key that it signed in with, or by a random name.

Both are cookies that no script reads and no other site has sent (RFC 6265, ``HttpOnly``;
``SameSite=Strict``). The random name serves where no key is needed: forms are bound to it.
"""

import secrets
from typing import Final

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from app.api.access import KEY_COOKIE
from app.keys import READING
from app.services import form_tokens
from app.web import forms

VISITOR_COOKIE: Final = "isobudget_visitor"
VISITOR_BYTES: Final = 16
FIELD: Final = "csrf_token"


def visitor_of(request: Request) -> str:
    """What a visitor's forms are bound to; a new visitor gets a name."""
    cookies = request.cookies
    if known := cookies.get(KEY_COOKIE) or cookies.get(VISITOR_COOKIE):
        return known
    if not hasattr(request.state, "visitor"):
        request.state.visitor = secrets.token_hex(VISITOR_BYTES)
    name: str = request.state.visitor
    return name


def is_signed_in(request: Request) -> bool:
    """Whether the browser holds a key."""
    return KEY_COOKIE in request.cookies


def remember(request: Request, response: Response) -> None:
    """Tell the browser the name that its visitor was given."""
    if name := getattr(request.state, "visitor", None):
        set_cookie(request, response, VISITOR_COOKIE, name)


def set_cookie(request: Request, response: Response, name: str, value: str) -> None:
    """Set a cookie that lives as long as the browser's session."""
    response.set_cookie(
        name, value, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )


def token_of(request: Request) -> str:
    """The token that this visitor's forms carry."""
    return form_tokens.token(request.app.state.database, visitor_of(request))


async def check(request: Request) -> None:
    """Let only our own pages' forms change something.

    Whoever sends a key in a header is let through: no other site can have a browser do that.

    Raises
    ------
    HTTPException
        403: the form carries no token of this visitor.
    """
    if request.method in READING or "authorization" in request.headers:
        return
    given = (await forms.read(request)).text(FIELD)
    database, visitor = request.app.state.database, visitor_of(request)
    if not await run_in_threadpool(form_tokens.is_token, database, visitor, given):
        raise HTTPException(403, "this form was not sent from a page of yours: load the page anew")
