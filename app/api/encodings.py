"""Answers that are compressed where the client takes it (RFC 9110, section 12.5.3).

Streams compress themselves (:mod:`app.api.tables`), and streams of events are never compressed.
"""

import gzip
from collections.abc import Callable
from typing import Annotated, Final

from fastapi import Header, Response

AcceptEncoding = Annotated[
    str | None,
    Header(
        alias="Accept-Encoding",
        max_length=1_000,
        description="`gzip`: the answer is compressed while it is sent",
    ),
]
VARY: Final = {"Vary": "Accept-Encoding"}
GZIP: Final = {"Content-Encoding": "gzip"}
LEVEL: Final = 6
FEWEST_BYTES: Final = 1_000
"""What is shorter fits into a packet as it is."""


def takes_gzip(accepted: str | None) -> bool:
    """Whether ``Accept-Encoding`` allows gzip."""
    weights: dict[str, str] = {}
    for part in (accepted or "").split(","):
        coding, _, weight = part.partition(";")
        weights[coding.strip().lower()] = weight.strip().lower().removeprefix("q=") or "1"
    weight = weights.get("gzip", weights.get("x-gzip", weights.get("*", "0")))
    return weight.rstrip("0") not in ("", "0.", ".")


def compressed(content: bytes) -> bytes:
    """Content as gzip, the same each time."""
    return gzip.compress(content, LEVEL, mtime=0)


def encoded(
    content: bytes,
    accepted: str | None,
    media_type: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    compress: Callable[[bytes], bytes] = compressed,
) -> Response:
    """Answer with content as it is, or as ``compress`` makes it where that is worth it."""
    sent = {**VARY, **(headers or {})}
    if takes_gzip(accepted) and len(content) >= FEWEST_BYTES:
        content = compress(content)
        sent |= GZIP
    return Response(content, status, sent, media_type)
