"""Answers methods that a path does not have, and ``OPTIONS``: ``Allow`` names all that it has."""

from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.routing import Match

from app.api.errors import problem

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


def install(app: FastAPI) -> None:
    """Have an application answer them."""
    app.add_exception_handler(405, _not_allowed)


async def _not_allowed(request: Request, _: Exception) -> Response:
    # One route has refused the method; others may have the same path.
    allowed = {"Allow": ", ".join(methods_of(request))}
    if request.method == "OPTIONS":
        return Response(status_code=204, headers=allowed)
    return problem(405, f"this path has the methods {allowed['Allow']}", headers=allowed)


def methods_of(request: Request) -> list[str]:
    """Return all methods that the path of a request has."""
    routes = request.app.router.routes
    found = [
        method
        for method in METHODS
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes
        )
    ]
    found = found or ["GET"]  # files: what they are mounted under has no methods of its own
    return sorted([*found, "OPTIONS", *(["HEAD"] if "GET" in found else [])])
