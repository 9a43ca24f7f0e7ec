import math
from statistics import stdev

import pytest

from app.experiments.curves import CurvePoint
from app.schemas.jobs import RunView
from app.ui.charts.curves import MOST_POINTS, curves_of, learning_curves, thinned
from tests.app.views import epoch_view, run_view


def point(epoch: int, *accuracies: float) -> CurvePoint:
    squares = sum(it * it for it in accuracies)
    return CurvePoint(epoch, len(accuracies), sum(accuracies), squares)


def test_a_point_is_the_mean_and_the_spread_of_its_runs() -> None:
    found = point(1, 0.90, 0.92, 0.97)

    assert found.mean == pytest.approx(0.93)
    assert found.sd == pytest.approx(stdev([0.90, 0.92, 0.97]))
    assert point(1, 0.9).sd == 0


def test_equal_accuracies_have_no_spread_however_they_are_rounded() -> None:
    assert point(1, 0.1, 0.1, 0.1).sd == pytest.approx(0, abs=1e-8)


def test_curves_are_pooled_run_by_run() -> None:
    first, second = CurvePoint.pooled([point(1, 0.1, 0.2), point(2, 0.5), point(1, 0.6)])

    assert (first.epoch, first.runs) == (1, 3)
    assert first.mean == pytest.approx(0.3)
    assert second == point(2, 0.5)


def test_curves_are_added_up_from_what_the_api_answers_of_runs() -> None:
    answered = [
        RunView.model_validate(run_view(network, seed, epochs=[epoch_view(1, accuracy)]))
        for network, seed, accuracy in (("original", 0, 0.8), ("original", 1, 0.9), ("5-0", 0, 0.5))
    ]
    waiting = RunView.model_validate(run_view("5-1", epochs=[]))

    assert curves_of([*answered, waiting]) == {
        "original": [point(1, 0.8, 0.9)],
        "5-0": [point(1, 0.5)],
    }


def test_few_networks_have_a_line_each_with_a_band_over_seeds() -> None:
    curves = {"original": [point(1, 0.8, 0.9)], "V2": [point(1, 0.7, 0.9)]}

    chart = learning_curves(curves, {"original": 5, "V1": 6, "V2": 7})

    assert chart is not None
    own, variant = chart.series
    assert (own.name, variant.name) == ("original", "V2")
    assert own.is_line
    assert own.low[0] == pytest.approx(0.85 - stdev([0.8, 0.9]))
    assert variant.colour == 3, "its look does not change once V1 has begun"


def test_many_networks_have_a_line_for_each_resolution_and_none_is_left_out() -> None:
    sides = {"original": 5} | {f"V{number}": 6 + number % 3 for number in range(300)}
    curves = {label: [point(1, 0.5 + side / 100)] for label, side in sides.items()}

    chart = learning_curves(curves, sides)

    assert chart is not None
    assert [series.name for series in chart.series] == [
        "original",
        "6 px (100 variants)",
        "7 px (100 variants)",
        "8 px (100 variants)",
    ]
    assert [series.y[0] for series in chart.series] == pytest.approx([0.55, 0.56, 0.57, 0.58])


def test_without_an_epoch_there_is_no_plot() -> None:
    assert learning_curves({}, {"original": 5}) is None


@pytest.mark.parametrize("epochs", [1, MOST_POINTS, MOST_POINTS + 1, 10_000])
def test_a_long_curve_keeps_its_ends(epochs: int) -> None:
    points = [point(epoch, 0.5) for epoch in range(1, epochs + 1)]

    shown = thinned(points)

    assert (shown[0].epoch, shown[-1].epoch) == (1, epochs)
    assert len(shown) <= MOST_POINTS + 1
    assert len(shown) >= min(epochs, math.ceil(MOST_POINTS / 2))
