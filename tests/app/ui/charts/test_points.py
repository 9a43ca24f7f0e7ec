from dataclasses import replace
from itertools import pairwise

import pytest

from app.schemas.studies import StudyView
from app.ui.charts import accuracies
from app.ui.charts.capacity import capacity
from app.ui.charts.colours import ramp
from app.ui.charts.gains import gains
from app.ui.charts.points import Network
from tests.app.ui.studies.studies import cell, study


def network(name: str, resolution: int = 6, flops: int = 5_000) -> Network:
    return Network(name, f"/variants/{name}", resolution, 1_000, flops, mean=0.9, sd=0.01)


def test_a_network_is_told_with_its_spread_and_its_costs() -> None:
    assert network("V1").told == "V1, 6 px: 90.0% ± 1.0%, 1,000 parameters, 5,000 FLOPs"


def test_an_equal_budget_is_no_axis() -> None:
    charts = [*capacity([network("V1"), network("V2", resolution=8, flops=9_000)])]

    assert [chart.x.title for chart in charts] == ["FLOPs"]
    assert charts[0].x.scale == "log"
    assert [series.name for series in charts[0].series] == ["6 px", "8 px"]


def test_resolutions_differ_in_colour_and_neighbours_in_their_marks() -> None:
    looks = [*ramp([28, 7, 14, 14]).values()]

    assert [look.colour for look in looks] == [1, 4, 7]
    assert all(one.mark != other.mark for one, other in pairwise(looks))


def test_a_ramp_of_one_resolution_has_one_colour() -> None:
    assert [look.colour for look in ramp([7]).values()] == [1]


def test_networks_of_one_resolution_stand_side_by_side() -> None:
    chart = accuracies.of_job([network("original", 5), network("V1"), network("V2")])

    own, variants = chart.series
    assert list(own.x) == [5]
    assert variants.x[0] < 6 < variants.x[1]
    assert variants.links == ["/variants/V1", "/variants/V2"]
    assert chart.horizontal == [(0.9, "the original’s mean")]


@pytest.mark.parametrize("resolutions", [(8,) * 4, (6,) * 60, (6, 8, 8, 12)])
def test_no_network_hides_another_of_its_resolution(resolutions: tuple[int, ...]) -> None:
    variants = [network(f"V{place}", side) for place, side in enumerate(resolutions, 1)]

    _, drawn = accuracies.of_job([network("original", 5), *variants]).series

    assert len(set(drawn.x)) == len(resolutions)
    known = {5, *resolutions}
    assert [min(known, key=lambda it: abs(it - x)) for x in drawn.x] == list(resolutions)


def test_each_seed_has_a_small_point_beside_the_mean_of_its_network() -> None:
    networks = [
        replace(network("original", 5), seeds=[(0, 0.89), (1, 0.91)]),
        replace(network("V1"), seeds=[(0, 0.9)]),
        network("V2"),
    ]

    own, variants, *seeds = accuracies.of_job(networks).series

    assert [it.name for it in seeds] == ["original, one seed", "variants, one seed"]
    assert [(list(it.y), list(it.names)) for it in seeds] == [
        ([0.89, 0.91], ["original, seed 0: 89.0%", "original, seed 1: 91.0%"]),
        ([0.9], ["V1, seed 0: 90.0%"]),
    ]
    assert all(x < own.x[0] for x in seeds[0].x)
    assert seeds[1].x[0] < variants.x[0]
    assert [(it.colour, it.mark) for it in seeds] == [
        (it.colour, it.mark) for it in (own, variants)
    ]


def test_a_network_without_a_page_has_no_link() -> None:
    (drawn,) = accuracies.of_job([replace(network("V1"), link=None)]).series

    assert drawn.links == []
    assert drawn.names == ["V1, 6 px: 90.0% ± 1.0%, 1,000 parameters, 5,000 FLOPs"]


def test_variants_are_drawn_before_their_original_was_tested() -> None:
    chart = accuracies.of_job([network("V1")])

    assert [series.name for series in chart.series] == ["variants"]
    assert chart.horizontal == []


def test_each_original_of_a_cell_stands_beside_its_variants() -> None:
    chart = accuracies.of_cell(study().cells[0])

    assert chart is not None
    originals, variants = chart.series
    assert list(originals.x) == [1, 2, 3]
    assert variants.x == pytest.approx([1.09, 1.18, 2.09, 2.18, 3.09, 3.18])
    assert originals.links[0] == "/networks/o7"
    assert variants.links[0] == "/variants/s-0"


def test_a_cell_without_tested_originals_has_no_plot() -> None:
    assert accuracies.of_cell(study(cells=[cell(networks=[])]).cells[0]) is None


def test_gains_stand_against_resolution_by_approach_with_their_intervals() -> None:
    charts = {chart.title: chart for chart in gains(study())}

    chart = charts["Gain: mean variant − original (the headline), with 95% intervals"]
    assert [series.name for series in chart.series] == ["approach III", "approach IV"]
    third, fourth = chart.series
    assert third.x[0] < 12 < fourth.x[0]
    assert third.y == pytest.approx([-4.01, -4.01])
    assert (third.low, third.high) == ([-10, -10], [2, 2])
    assert (third.colour, third.mark) != (fourth.colour, fourth.mark)


def test_budgets_are_told_apart_where_there_are_several() -> None:
    cells = [cell(), cell(is_primary=False, budget="flops")]

    chart = next(gains(_with(cells)))

    assert [series.name for series in chart.series] == ["approach IV, params", "approach IV, flops"]


def test_an_estimate_without_an_interval_has_a_bar_of_no_length() -> None:
    chart = next(gains(_with([cell(mean_variant={"gain": 0.01, "n": 1})])))

    assert (chart.series[0].low, chart.series[0].high) == ([1.0], [1.0])


def _with(cells: list[dict[str, object]]) -> StudyView:
    return study(cells=cells)
