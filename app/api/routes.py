"""Routes that read requests strictly: bodies as :mod:`app.json_reader` does, and query strings.

Every router of the API is a :class:`Router`, so that new routes are strict, too.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute

from app import json_reader
from app.api import query
from app.api.errors import UnreadableBodyError
from app.errors import Fault, RefusedError, pointer


class StrictRequest(Request):
    """A request whose body is read strictly."""

    async def json(self) -> Any:
        """Parse the body.

        Raises
        ------
        json.JSONDecodeError
            It is not JSON.
        UnreadableBodyError
            It is refused for another reason.
        """
        try:
            return json_reader.read(await self.body())
        except json_reader.UnreadableError as refused:
            faults = [Fault(pointer(place), reason) for place, reason in refused.faults]
            raise UnreadableBodyError(faults, refused.others) from refused


class StrictRoute(APIRoute):
    """A route that refuses query parameters which it does not declare, or which are given twice."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Check the query string before FastAPI reads it."""
        handle = super().get_route_handler()
        known = query.parameters(get_flat_params(self.dependant))

        async def strictly(request: Request) -> Response:
            if (asked := request.scope["query_string"]) and (faults := query.faults(asked, known)):
                raise RefusedError(*faults)
            return await handle(StrictRequest(request.scope, request.receive))

        return strictly


class Router(APIRouter):
    """A router whose routes are strict."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"route_class": StrictRoute, **options})
