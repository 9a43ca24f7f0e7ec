"""Answers that do not change: clients keep them, and ask whether they still hold (RFC 9110).

An entity tag is the hash of the answer, so it is right whatever the answer depends on. A table is
streamed: its tag is the hash of what it is made from.
"""

from hashlib import sha256
from typing import Annotated, Any, Final

from fastapi import Header, Response

CACHE_CONTROL: Final = "private, no-cache"
"""Only the client that asked may keep the answer, and it must ask each time whether it holds."""

IfNoneMatch = Annotated[
    str | None,
    Header(
        alias="If-None-Match",
        max_length=4_000,
        description="The `ETag` of the answer that you have; 304 without a body if it still holds",
    ),
]
HEADERS: Final = {
    "ETag": {
        "description": "Names the answer; send it as `If-None-Match`. Absent while it may change",
        "schema": {"type": "string"},
    }
}
KEPT: Final[dict[int | str, dict[str, Any]]] = {
    200: {"headers": HEADERS},
    304: {"description": "The answer that you have still holds", "headers": HEADERS},
}


def tag_of(content: str) -> str:
    """A strong entity tag for an answer."""
    return f'"{sha256(content.encode()).hexdigest()[:24]}"'


def weak_tag_of(version: str) -> str:
    """An entity tag for all encodings of an answer, from the version of what it is made from."""
    return f"W/{tag_of(version)}"


def holds(asked: str | None, tag: str) -> bool:
    """Whether ``If-None-Match`` names an entity tag; weak and strong ones are compared alike."""
    if asked is None:
        return False
    named = [part.strip().removeprefix("W/") for part in asked.split(",")]
    return tag.removeprefix("W/") in named or named == ["*"]


def headers_of(tag: str) -> dict[str, str]:
    """The headers of an answer that clients may keep, and of a 304 in its place."""
    return {"ETag": tag, "Cache-Control": CACHE_CONTROL}


def kept(body: str, asked: str | None, *, is_final: bool = True) -> Response:
    """Answer with JSON, or with 304 if the client has it already; no tag unless ``is_final``."""
    if not is_final:
        return Response(body, media_type="application/json")
    tag = tag_of(body)
    if holds(asked, tag):
        return Response(status_code=304, headers=headers_of(tag))
    return Response(body, media_type="application/json", headers=headers_of(tag))
