import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ui.plots.chart import Axis
from app.ui.plots.scales import Span, labels, span, spans, ticks
from tests.app.ui.plots.charts import chart, points

FINITE = st.integers(-(10**12), 10**12) | st.floats(-1, 1).map(lambda value: round(value, 6))


@given(st.lists(FINITE, min_size=1), st.sampled_from(["linear", "log"]))
def test_all_points_that_an_axis_can_show_lie_within_it(values: list[float], scale: str) -> None:
    found = span(Axis("x", scale), values)  # type: ignore[arg-type]

    assert found.low < found.high
    for value in values:
        if scale == "linear" or value > 0:
            assert -1e-9 <= found.place(value) <= 1 + 1e-9
        else:
            assert math.isnan(found.place(value))


@given(FINITE, st.floats(1e-6, 1e12))
def test_ticks_are_few_and_lie_within_the_axis(low: float, width: float) -> None:
    span = Span(low, low + max(width, abs(low) * 1e-6))

    found = ticks(span, 6)

    assert 1 <= len(found) <= 8
    assert all(span.low - 1e-6 * width <= tick <= span.high + 1e-6 * width for tick in found)


@pytest.mark.parametrize(
    ("low", "high", "scale", "expected"),
    [
        (0, 10, "linear", [0, 2, 4, 6, 8, 10]),
        (0.12, 0.31, "linear", [0.15, 0.2, 0.25, 0.3]),
        (900, 2e6, "log", [1e3, 1e4, 1e5, 1e6]),
        (15, 300, "log", [20, 50, 100, 200]),
        (1.2, 1.6, "log", [1.2, 1.3, 1.4, 1.5, 1.6]),
    ],
)
def test_ticks_are_round(low: float, high: float, scale: str, expected: list[float]) -> None:
    assert ticks(Span(low, high, scale), 6) == pytest.approx(expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("low", "high", "scale", "expected"),
    [
        (4.9, 8.1, "linear", [5, 6, 7, 8]),
        (5.6, 6.3, "linear", [6]),
        (0, 13, "linear", [0, 5, 10]),
        (0, 150, "linear", [0, 25, 50, 75, 100, 125, 150]),
        (0.4, 30, "log", [1, 2, 5, 10, 20]),
        (1.2, 1.6, "log", []),
    ],
)
def test_ticks_of_whole_numbers_are_whole_and_round(
    low: float, high: float, scale: str, expected: list[float]
) -> None:
    assert ticks(Span(low, high, scale), 6, is_whole=True) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("axis", "marks", "expected"),
    [
        (Axis("x"), [-2000, 0, 2000], ["−2,000", "0", "2,000"]),
        (Axis("x"), [10_000, 12_500], ["10.0 k", "12.5 k"]),
        (Axis("x"), [25e6, 25.0002e6], ["25.0000 M", "25.0002 M"]),
        (Axis("x"), [0.25, 0.5], ["0.25", "0.50"]),
        (Axis("x", is_percent=True), [0.6, 0.625], ["60.0%", "62.5%"]),
        (Axis("x", "log"), [1e3, 1e6, 2e9], ["1 k", "1 M", "2 G"]),
        (Axis("x"), [], []),
    ],
)
def test_labels_have_the_digits_that_tell_ticks_apart(
    axis: Axis, marks: list[float], expected: list[str]
) -> None:
    assert labels(axis, marks) == expected


def test_axes_have_room_for_intervals_and_lines() -> None:
    _, y = spans(chart(points(low=[0, 1, 2], high=[7, 8, 9]), horizontal=[(20, "limit")]))

    assert y.low < 0
    assert y.high > 20


def test_an_axis_without_points_has_a_range() -> None:
    assert ticks(span(Axis("x"), []), 6)
    assert ticks(span(Axis("x", "log"), [-1.0, math.nan]), 6)


def test_a_given_range_is_kept() -> None:
    assert span(Axis("x", low=0, high=1), [5]) == Span(0, 1)
