"""Finds the router that a path belongs to without asking all routers one after the other.

FastAPI asks each included router for each of its routes, and asks the one that it finds twice,
which takes a fifth of a small request's time.
"""

from collections import defaultdict

from fastapi.routing import APIRouter, iter_route_contexts
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send

Key = tuple[str, ...]
"""The first two segments of a path."""


class Dispatch:
    """Stands before a router: takes requests straight to the included router that has their path.

    A path that no router has, or several, or something else that is mounted, takes the usual way.
    """

    def __init__(self, router: APIRouter) -> None:
        self._router = router
        self._routers: dict[Key, BaseRoute] = {}
        self._indexed = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http" and not scope.get("root_path"):
            if self._indexed != len(self._router.routes):
                self._index()
            found = self._routers.get(_key(scope["path"]))
            if found is not None:
                scope.setdefault("router", self._router)
                await found.handle(scope, receive, send)
                return
        await self._router.app(scope, receive, send)

    def _index(self) -> None:
        routers: dict[Key, list[BaseRoute]] = defaultdict(list)
        for route in self._router.routes:
            for key in {_key(context.path or "") for context in iter_route_contexts([route])}:
                routers[key].append(route)
        self._routers = {
            key: found[0]
            for key, found in routers.items()
            if _is_alone(found) and "{" not in "".join(key)
        }
        self._indexed = len(self._router.routes)


def _key(path: str) -> Key:
    return tuple(path.split("/", 3)[1:3])


def _is_alone(routes: list[BaseRoute]) -> bool:
    return len(routes) == 1 and not isinstance(routes[0], Route | Mount)
