"""``/sign-in`` and ``/sign-out``: a key becomes a cookie, and goes again."""

from typing import Annotated

from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse

from app.api.access import KEY_COOKIE, TurnedAwayError
from app.web import forms
from app.web.access.signing_in import SIGN_IN, local
from app.web.access.visitors import VISITOR_COOKIE, set_cookie
from app.web.pages import page
from app.web.routes import PageRouter, problem_in

router = PageRouter()

Next = Annotated[str, Query(max_length=2_000)]


@router.get(SIGN_IN)
def show_sign_in(request: Request, next: Next = "/") -> Response:  # noqa: A002
    """The form that asks for a key."""
    return page(request, "sign_in.html", next=local(next), fault=None)


@router.post(SIGN_IN)
async def sign_in(request: Request) -> Response:
    """Keep a valid key as a cookie, and go on to where the visitor wanted to be."""
    form = await forms.read(request)
    key, following = form.text("key"), local(form.text("next", "/"))
    try:
        await request.app.state.doorkeeper.caller(key, request.scope)
    except TurnedAwayError as turned_away:
        fault, status = problem_in(turned_away.answer)["detail"], turned_away.answer.status_code
        return page(request, "sign_in.html", status, next=following, fault=fault)
    answer = RedirectResponse(following, 303)
    set_cookie(request, answer, KEY_COOKIE, key)
    answer.delete_cookie(VISITOR_COOKIE)
    return answer


@router.post("/sign-out")
def sign_out() -> Response:
    """Forget the key."""
    answer = RedirectResponse(SIGN_IN, 303)
    answer.delete_cookie(KEY_COOKIE)
    return answer
