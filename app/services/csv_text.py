"""Tables as text for spreadsheets (RFC 4180), compressed where the client takes it."""

import csv
import io
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_GZIP: Final = 16 + zlib.MAX_WBITS
_FAST: Final = 1


def lines(rows: Iterable[Sequence[Any]]) -> str:
    """The lines of some rows of numbers, harmless text and empty cells (``None``)."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def harmless(value: Any) -> Any:
    """Put an apostrophe before text that a spreadsheet would take as a formula."""
    is_formula = isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA)
    return f"'{value}" if is_formula else value


def encoded(parts: Iterable[str]) -> Iterator[bytes]:
    """Yield parts of a text as UTF-8."""
    for part in parts:
        yield part.encode()


def compressed(parts: Iterable[str]) -> Iterator[bytes]:
    """Yield a text as a gzip stream, part by part: readers get each part when it is there."""
    stream = zlib.compressobj(_FAST, wbits=_GZIP)
    for part in parts:
        yield stream.compress(part.encode()) + stream.flush(zlib.Z_SYNC_FLUSH)
    yield stream.flush()
