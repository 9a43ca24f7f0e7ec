"""Numbers and times as pages write them."""

from datetime import UTC, datetime

import pytest

from app.ui import texts


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0.0, "under 1 ms"),
        (0.25, "250 ms"),
        (59.94, "59.9 s"),
        (61, "1 min 1 s"),
        (3_660, "1 h 1 min"),
    ],
)
def test_a_time_span_is_told_in_the_units_that_matter(seconds: float | None, text: str) -> None:
    assert texts.duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0, "0"), (999, "999"), (25_557_032, "25.6 M"), (-4.089e9, "−4.09 G")],
)
def test_large_numbers_are_told_in_three_digits(value: float | None, text: str) -> None:
    assert texts.short(value) == text


def test_differences_have_a_sign_and_counts_have_their_thousands_apart() -> None:
    assert [texts.signed(it) for it in (None, 0, 1_234, -1_234)] == ["–", "0", "+1,234", "−1,234"]
    assert [texts.count(it) for it in (None, 1_234)] == ["–", "1,234"]


def test_moments_are_unknown_where_nothing_is_known() -> None:
    assert texts.moment(None) == "–"
    assert texts.moment(datetime(2026, 11, 27, 2, 3, tzinfo=UTC)) == "2026-11-27 02:03 UTC"
