"""Figures show every number, in the same bytes each time."""

import re
from collections.abc import Callable
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure

from app.schemas.studies import StudyView
from app.ui.studies.figures.capacity import capacity
from app.ui.studies.figures.drawing import draw, for_page
from app.ui.studies.figures.originals import originals
from app.ui.studies.figures.resolutions import resolutions
from tests.app.ui.studies.studies import accuracy, cell, estimate, networks, study

SVG = "{http://www.w3.org/2000/svg}"
Make = Callable[[StudyView], Figure]
SMALL = study(cells=[cell()], approaches=("IV",), resolutions=(12,))
EVERY = [(capacity, networks()), (resolutions, SMALL), (originals, SMALL)]


def texts(svg: str) -> list[str]:
    return [
        "".join(element.itertext()) for element in ElementTree.fromstring(svg).iter(f"{SVG}text")
    ]


def points(figure: Figure, label: str) -> list[tuple[float, float]]:
    """The points of a series, over all panels."""
    found = [it for axes in figure.axes for it in axes.containers if it.get_label() == label]
    lines = [it.lines[0] for it in found if isinstance(it, ErrorbarContainer)]
    return [(x, y) for line in lines for x, y in np.asarray(line.get_xydata(), float).tolist()]


@pytest.mark.parametrize(("make", "shown"), EVERY)
def test_the_same_study_is_drawn_in_the_same_bytes(make: Make, shown: StudyView) -> None:
    assert draw("fig", make, shown) == draw("fig", make, shown)


@pytest.mark.parametrize(("make", "shown"), EVERY)
def test_each_format_is_what_it_says(make: Make, shown: StudyView) -> None:
    drawn = draw("fig", make, shown)
    assert ElementTree.fromstring(drawn.svg).tag == f"{SVG}svg"
    assert drawn.png.startswith(b"\x89PNG")
    assert "dc:date" not in drawn.svg


@pytest.mark.parametrize(("make", "shown"), EVERY)
def test_a_page_may_hold_several_figures_in_its_own_colours(make: Make, shown: StudyView) -> None:
    one, other = (for_page(draw(name, make, shown).svg) for name in ("one", "other"))
    assert not {*re.findall(r'id="([^"]*)"', one)} & {*re.findall(r'id="([^"]*)"', other)}
    assert {*re.findall(r"#(one-[\w-]+)", one)} <= {*re.findall(r'id="([^"]*)"', one)}
    assert one.startswith("<svg")
    assert "var(--ink)" in one


def test_fig_1_has_a_mark_for_each_network_against_both_budgets() -> None:
    figure = capacity(networks())
    assert [axes.get_xscale() for axes in figure.axes] == ["log", "log"]
    by_params, by_flops = [(1_000, 0.85), (2_000, 0.852)], [(10_000, 0.85), (10_000, 0.852)]
    expected = [*by_params, *by_flops]
    for found, wanted in zip(points(figure, "14 px"), expected, strict=True):
        assert found == pytest.approx(wanted)
    assert {"7 px", "14 px", "28 px"} < {*texts(draw("fig1", capacity, networks()).svg)}


def test_fig_3_has_a_column_for_each_approach_with_all_gains() -> None:
    figure = resolutions(study())
    shown = texts(draw("fig3", resolutions, study()).svg)
    assert {"Approach III", "Approach IV", "12", "16", "best of k (optimistic)"} < {*shown}
    gains = [y for _, y in points(figure, "true − upsampled")]
    assert gains == [0.0153] * 4


def test_fig_3_draws_variants_at_the_originals_mean_plus_their_gain() -> None:
    heights = [y for _, y in points(resolutions(study(cells=[cell()])), "mean variant")]
    assert heights == pytest.approx([0.9482 - 0.0401, -0.0401])


def test_fig_3_cuts_no_mark_off_where_approaches_differ() -> None:
    cells = [cell("III", accuracy=accuracy(0.7)), cell("IV", accuracy=accuracy(0.97))]
    figure = resolutions(study(cells=cells, resolutions=(12,)))
    low, high = figure.axes[0].get_ylim()
    assert low < 0.7 - 0.0401
    assert 0.97 < high <= 1


def test_fig_4_has_a_dot_for_each_original_and_each_variant_of_approach_iv() -> None:
    figure = originals(study())
    assert len(figure.axes) == 2
    assert len(points(figure, "original")) == 2 * 3
    assert len(points(figure, "variant")) == 2 * 6
    ticks = [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    assert ticks == ["7", "19", "23"]


@pytest.mark.parametrize(
    ("make", "shown"),
    [
        (capacity, study(cells=[], approaches=())),
        (resolutions, study(cells=[cell(mean_variant=estimate(None))])),
        (originals, study(cells=[cell(networks=[])])),
    ],
)
def test_a_study_without_results_can_be_drawn(make: Make, shown: StudyView) -> None:
    assert make(shown).axes
