"""Tables as answers: streamed, and compressed where the client takes it."""

from collections.abc import Iterable
from typing import Annotated, Any, Final

from fastapi import Header, Response
from fastapi.responses import StreamingResponse

from app.services import csv_text

AcceptEncoding = Annotated[
    str | None,
    Header(
        alias="Accept-Encoding",
        max_length=1_000,
        description="`gzip`: the table is compressed while it is sent",
    ),
]
VARY: Final = "Accept-Encoding"


def described(description: str, example: str) -> dict[int | str, dict[str, Any]]:
    """The description of a route that answers a table."""
    content = {"text/csv": {"schema": {"type": "string"}, "example": example}}
    return {200: {"description": description, "content": content}}


def table(
    parts: Iterable[str], name: str, accepted: str | None, headers: dict[str, str] | None = None
) -> Response:
    """Stream the parts of a CSV, to be saved under a name."""
    sent = {
        "Content-Disposition": f'attachment; filename="{name}.csv"',
        "Vary": VARY,
        **(headers or {}),
    }
    if takes_gzip(accepted):
        sent["Content-Encoding"] = "gzip"
        content = csv_text.compressed(parts)
    else:
        content = csv_text.encoded(parts)
    return StreamingResponse(content, media_type="text/csv; charset=utf-8", headers=sent)


def takes_gzip(accepted: str | None) -> bool:
    """Whether ``Accept-Encoding`` allows gzip (RFC 9110, section 12.5.3)."""
    weights: dict[str, str] = {}
    for part in (accepted or "").split(","):
        coding, _, weight = part.partition(";")
        weights[coding.strip().lower()] = weight.strip().lower().removeprefix("q=") or "1"
    weight = weights.get("gzip", weights.get("x-gzip", weights.get("*", "0")))
    return weight.rstrip("0") not in ("", "0.", ".")
