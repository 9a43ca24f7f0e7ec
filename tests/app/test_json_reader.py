"""What is read as JSON, and what is refused although Python's reader takes it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.json_reader import (
    MOST_LEVELS,
    NO_UNICODE,
    NOT_FINITE,
    NUL,
    TWICE,
    UnreadableError,
    read,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=20,
)  # fmt: skip


@given(DOCUMENTS, st.booleans())
def test_a_document_is_read_as_it_was_written(document: Any, ascii_only: bool) -> None:
    assert read(json.dumps(document, ensure_ascii=ascii_only).encode()) == document


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        (b'{"a": 1, "a": 1}', [(("a",), TWICE)]),
        (b'[{"b": {"a": 1, "c": 2, "a": 3, "c": 4}}]',
         [((0, "b", "a"), TWICE), ((0, "b", "c"), TWICE)]),
        (b'{"a": 1, "\\u0061": 2}', [(("a",), TWICE)]),
        (b"[NaN, Infinity, -Infinity, 1e999]", [((n,), NOT_FINITE) for n in range(4)]),
        (b'{"a": ["x\\u0000"]}', [(("a", 0), NUL)]),
        (b'{"a": {"\\u0000": 1}}', [(("a",), NUL)]),
        (b'["\\ud800", "\\udc00\\ud800"]', [((0,), NO_UNICODE), ((1,), NO_UNICODE)]),
        (b'{"\\udfff": 1}', [((), NO_UNICODE)]),
    ],
)  # fmt: skip
def test_what_other_readers_would_read_differently_is_refused_with_its_places(
    content: bytes, faults: list[Any]
) -> None:
    with pytest.raises(UnreadableError) as refused:
        read(content)

    assert list(refused.value.faults) == faults


@pytest.mark.parametrize(
    "content",
    [
        "{}".encode("utf-16"), "{}".encode("utf-16-le"), "{}".encode("utf-32"), b"\xef\xbb\xbf{}",
        b'{"a": "\xff"}', b'{"a": "\xed\xa0\x80"}', b'{"a": "\xc0\x80"}', b'{"a": "\x00"}',
        b"1" * 100_000, b"[" * 100_000, b'{"a":' * 100_000, b"-" + b"9" * 5_000,
    ],
)  # fmt: skip
def test_what_is_not_utf_8_or_too_deep_or_too_long_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableError):
        read(content)


@pytest.mark.parametrize(
    "content",
    [b"", b" ", b"{} {}", b"{}x", b"[1,]", b"'a'", b"01", b"+1", b"\x0b1", b'"\t"', b"nan"],
)
def test_what_breaks_the_grammar_is_refused(content: bytes) -> None:
    with pytest.raises(json.JSONDecodeError):
        read(content)


def test_pairs_of_surrogates_are_one_character() -> None:
    assert read(b'"\\ud83d\\ude00"') == "\U0001f600"


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_levels_are_counted(opening: bytes) -> None:
    def nested(levels: int) -> bytes:
        closing = b"]" if opening == b"[" else b"}"
        return opening * levels + b"1" + closing * levels

    read(nested(MOST_LEVELS))
    with pytest.raises(UnreadableError):
        read(nested(MOST_LEVELS + 1))


def test_of_many_faults_the_first_are_listed_and_the_others_counted() -> None:
    with pytest.raises(UnreadableError) as refused:
        read(b"[" + b",".join([b"NaN"] * 1_000) + b"]")

    assert len(refused.value.faults) + refused.value.others == 1_000
    assert len(refused.value.faults) <= 100
