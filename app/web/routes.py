"""Routes of pages: they answer errors as pages, too."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Depends, Request, Response

from app.api.routes import Router, StrictRoute
from app.web.access import visitors
from app.web.pages import page


class PageRoute(StrictRoute):
    """A route whose errors are shown to people: the API's words, on a page."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Have the application's handlers put an error into words, and show those."""
        handle = super().get_route_handler()

        async def shown(request: Request) -> Response:
            try:
                return await handle(request)
            except Exception as error:
                return error_page(request, await _handler(request, error)(request, error))

        return shown


class PageRouter(Router):
    """A router of pages, which are no part of the API's description; it checks all forms."""

    def __init__(self) -> None:
        super().__init__(
            route_class=PageRoute,
            include_in_schema=False,
            dependencies=[Depends(visitors.check)],
        )


def error_page(request: Request, answer: Response) -> Response:
    """Show a problem (RFC 9457) as a page; what is no problem is answered as it is."""
    if answer.media_type != "application/problem+json":
        return answer
    shown = page(request, "error.html", answer.status_code, problem=problem_in(answer))
    for name in ("retry-after", "allow", "www-authenticate"):
        if name in answer.headers:
            shown.headers[name] = answer.headers[name]
    return shown


def problem_in(answer: Response) -> dict[str, Any]:
    """The members of a problem (RFC 9457) that would be sent."""
    members: dict[str, Any] = json.loads(bytes(answer.body))
    return members


def _handler(request: Request, error: Exception) -> Any:
    """What the application answers an error of this kind with; it has a handler for all."""
    handlers = request.app.exception_handlers
    return next(handlers[kind] for kind in type(error).__mro__ if kind in handlers)
