"""Reads JSON so strictly that no two readers could understand a document differently (RFC 8259).

The API and the command line read with it. Refused are: other encodings than UTF-8, keys that stand
twice in an object, numbers that are not finite, text that a database cannot store, and nesting
beyond :data:`MOST_LEVELS`.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeAlias

from solver.network.schema import Fault, Place
from solver.network.sentences import MOST_FAULTS

MOST_LEVELS: Final = 32
"""Objects and lists within each other; no document of ours has more than eight."""
TWICE: Final = "this key stands twice in its object; leave one of them out"
NO_UNICODE: Final = "this text, or a key in it, is no valid Unicode"
NUL: Final = "this text, or a key in it, holds the character NUL; leave it out"
NOT_FINITE: Final = "this is no finite number; JSON has neither NaN nor Infinity"
UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
"""Characters that PostgreSQL cannot store: NUL, and halves of surrogate pairs."""

_ESCAPED: Final = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
"""How those characters are written in JSON; whole pairs are written so, too."""


Doubled: TypeAlias = dict[int, tuple[Mapping[str, Any], Sequence[str]]]
"""Objects with keys that stand twice, by their ``id``, and these keys."""


class UnreadableError(ValueError):
    """A document that is no JSON, or that would be read differently elsewhere.

    ``faults`` are the first ones, and ``others`` is the number of those that are not listed.
    """

    def __init__(self, *faults: Fault, others: int = 0) -> None:
        super().__init__("; ".join(reason for _, reason in faults))
        self.faults = faults
        self.others = others


def read(content: bytes) -> Any:
    """Parse a document.

    Raises
    ------
    json.JSONDecodeError
        It breaks JSON's grammar.
    UnreadableError
        It is refused for another reason.
    """
    text = _decoded(content)
    reader = _Reader()
    try:
        document = reader.decoder.decode(text)
    except json.JSONDecodeError:
        raise
    except RecursionError as deep:
        raise UnreadableError(((), _TOO_DEEP)) from deep
    except ValueError as long:  # Python reads no number with more than 4,300 digits
        raise UnreadableError(((), "a number in it has too many digits")) from long
    if _is_deep(document):
        raise UnreadableError(((), _TOO_DEEP))
    if reader.is_doubtful or _ESCAPED.search(text):
        found = _faults(document, (), reader.doubled)
        if faults := list(islice(found, MOST_FAULTS)):
            raise UnreadableError(*faults, others=sum(1 for _ in found))
    return document


_TOO_DEEP: Final = f"objects and lists lie in each other more than {MOST_LEVELS} deep"


def _decoded(content: bytes) -> str:
    if content.startswith(b"\xef\xbb\xbf"):
        raise UnreadableError(((), "it begins with a byte order mark; write UTF-8 without one"))
    try:
        text = content.decode()
    except UnicodeDecodeError as other:
        raise UnreadableError(((), "it is not UTF-8")) from other
    if "\0" in text:
        raise UnreadableError(((), "it is not UTF-8: it holds the character NUL"))
    return text


class _Reader:
    """Parses one document, and notes what the standard library would pass over."""

    def __init__(self) -> None:
        self.doubled: Doubled = {}
        self.is_doubtful = False
        self.decoder = json.JSONDecoder(
            object_pairs_hook=self._object, parse_float=self._number, parse_constant=self._number
        )

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            self.is_doubtful = True
            number = Counter(key for key, _ in pairs)
            self.doubled[id(made)] = made, [key for key, times in number.items() if times > 1]
        return made

    def _number(self, text: str) -> float:
        number = float(text)
        self.is_doubtful |= not math.isfinite(number)
        return number


def _is_deep(document: Any) -> bool:
    """Whether a document has more than :data:`MOST_LEVELS` levels."""
    level = [document]
    for _ in range(MOST_LEVELS + 1):
        holders = [it for it in level if isinstance(it, dict | list)]
        if not holders:
            return False
        level = [inner for it in holders for inner in (it.values() if type(it) is dict else it)]
    return True


def _faults(value: Any, place: Place, doubled: Doubled) -> Iterator[Fault]:
    """Yield what is wrong in a value, which stands at a place."""
    match value:
        case str():
            if reason := unstorable(value):
                yield place, reason
        case float():
            if not math.isfinite(value):
                yield place, NOT_FINITE
        case list():
            for position, inner in enumerate(value):
                yield from _faults(inner, (*place, position), doubled)
        case dict():
            _, keys = doubled.get(id(value), (value, ()))
            yield from (((*place, key), TWICE) for key in keys)
            for key, inner in value.items():
                if reason := unstorable(key):
                    yield place, reason
                else:
                    yield from _faults(inner, (*place, key), doubled)


def unstorable(text: str) -> str | None:
    """Why no database could store a text, in words; ``None`` if it could."""
    found = UNSTORABLE.search(text)
    if found is None:
        return None
    return NUL if found[0] == "\0" else NO_UNICODE
