"""Tables as answers: streamed, and compressed where the client takes it."""

from collections.abc import Iterable
from typing import Any

from fastapi import Response
from fastapi.responses import StreamingResponse

from app.api import caching
from app.api.encodings import GZIP, VARY, takes_gzip
from app.services import csv_text


def described(
    description: str, example: str, *, is_kept: bool = False
) -> dict[int | str, dict[str, Any]]:
    """The description of a route that answers a table; clients may keep it if ``is_kept``."""
    content = {"text/csv": {"schema": {"type": "string"}, "example": example}}
    answer: dict[str, Any] = {"description": description, "content": content}
    return {**caching.KEPT, 200: answer | caching.KEPT[200]} if is_kept else {200: answer}


def table(
    parts: Iterable[str], name: str, accepted: str | None, headers: dict[str, str] | None = None
) -> Response:
    """Stream the parts of a CSV, to be saved under a name."""
    sent = {
        "Content-Disposition": f'attachment; filename="{name}.csv"',
        **VARY,
        **(headers or {}),
    }
    if takes_gzip(accepted):
        sent |= GZIP
        content = csv_text.compressed(parts)
    else:
        content = csv_text.encoded(parts)
    return StreamingResponse(content, media_type="text/csv; charset=utf-8", headers=sent)


def kept(
    parts: Iterable[str], name: str, accepted: str | None, version: str | None, asked: str | None
) -> Response:
    """Stream a CSV, or answer 304 if the client has it already.

    ``version`` names what the table is made from; ``None`` if that may change.
    """
    if version is None:
        return table(parts, name, accepted)
    tag = caching.weak_tag_of(version)
    headers = caching.headers_of(tag)
    if caching.holds(asked, tag):
        return Response(status_code=304, headers={**headers, **VARY})
    return table(parts, name, accepted, headers)
