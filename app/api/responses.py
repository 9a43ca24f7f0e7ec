"""What many routes answer, as OpenAPI describes it: problems, and headers.

A route declares only what is its own. Everything else follows from its kind: whether its method
has a body, whether its path names a resource, and whether it needs a key.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fastapi.responses import StreamingResponse

from app.api.access import OPEN_PATHS
from app.api.refusals import WITH_BODY


class EventStream(StreamingResponse):
    """Server-sent events, which a route makes itself.

    Of routes with FastAPI's own class, FastAPI expects the events.
    """

    media_type = "text/event-stream"


PROBLEM: Final = "application/problem+json"

HEADERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "X-Request-ID": {
        "description": "The id of the request, as the server's log names it",
        "schema": {"type": "string"},
    },
    "Location": {
        "description": "The path of the resource",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "Retry-After": {
        "description": "Seconds to wait before the next request",
        "schema": {"type": "integer", "minimum": 0},
    },
    "WWW-Authenticate": {
        "description": "How to send a key (RFC 6750)",
        "schema": {"type": "string"},
    },
    "ETag": {
        "description": "The version of an answer that does not change any more; send it back as "
        "`If-None-Match`, and the answer is 304",
        "schema": {"type": "string"},
    },
}
"""Headers of answers, by name."""

PROBLEMS: Final[Mapping[int, tuple[str, str]]] = {
    400: ("BadRequest", "The request is malformed"),
    401: ("Unauthorized", "A key is needed, or the key is not known"),
    403: ("Forbidden", "The key may not do this"),
    404: ("NotFound", "There is no such resource"),
    408: ("RequestTimeout", "The request did not arrive in time"),
    409: ("Conflict", "The resource is in a state that does not allow this"),
    413: ("ContentTooLarge", "The body is too large"),
    414: ("URITooLong", "The URL is too long"),
    415: ("UnsupportedMediaType", "The body is not declared as JSON"),
    421: ("MisdirectedRequest", "The server does not answer for this host name"),
    422: ("UnprocessableContent", "The request has faults, which `errors` lists"),
    429: ("TooManyRequests", "Too many requests"),
    431: ("HeadersTooLarge", "The headers are too large"),
    500: ("InternalServerError", "A fault of the server; its log says more"),
    503: ("ServiceUnavailable", "The server cannot do this now; `detail` names the cause"),
}
"""Problems (RFC 9457) that routes may answer, by status: names among the components, and texts."""

_HEADERS_OF: Final[Mapping[int, tuple[str, ...]]] = {
    201: ("Location",),
    202: ("Location", "Retry-After"),
    304: ("ETag",),
    401: ("WWW-Authenticate",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}
_OF_EVERY_ROUTE: Final = (400, 408, 413, 414, 421, 422, 431, 500, 503)
_OF_KEYS: Final = (401, 403, 429)


def problems_of(method: str, path: str) -> Iterator[int]:
    """Yield the statuses of the problems that an operation may answer because of its kind."""
    yield from _OF_EVERY_ROUTE
    if path not in OPEN_PATHS:
        yield from _OF_KEYS
    if method.upper() in WITH_BODY:
        yield 415
    if "{" in path:
        yield 404


LOCATION: Final = {"Location": {"$ref": "#/components/headers/Location"}}
"""The header of a route that answers 200 with a resource that it did not make."""


def headers_of(status: int) -> dict[str, Any]:
    """References to the headers that every answer with a status has."""
    names = ("X-Request-ID", *_HEADERS_OF.get(status, ()))
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def common_problem(status: int) -> dict[str, Any]:
    """A reference to a problem that many routes may answer."""
    name, _ = PROBLEMS[status]
    return {"$ref": f"#/components/responses/{name}"}


def problem(status: int, description: str) -> dict[str, Any]:
    """A response with a problem as its body."""
    return {
        "description": description,
        "headers": headers_of(status),
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
    }
