"""The report needs nothing from outside, and shows every network."""

import json

import pytest

from app.ui.experiment import rows_of
from app.ui.plot import accuracy_plot
from app.ui.report import render
from tests.app.ui.experiments import experiment
from tests.app.ui.pages import Page
from tests.app.views import JOB_ID, SEARCH_ID


def test_nothing_is_loaded_from_outside() -> None:
    page = Page(render(experiment()))
    assert page.references == ["data:,"]
    assert not {"img", "iframe", "object", "base"} & {*page.tags}


def test_plotly_is_inside_the_page() -> None:
    assert "plotly.js v" in render(experiment())


def test_every_network_is_in_the_table_and_in_the_plot() -> None:
    page = Page(render(experiment()))
    for row in rows_of(experiment()):
        assert row.id in page.titles
        assert row.label in page.text
    labels = json.loads(page.figure)["data"][-1]["text"]
    assert labels == ["original", "V1", "V2", "V3", "V4"]


@pytest.mark.parametrize(
    ("interval", "sentence"),
    [((0.01, 0.03), "Larger images gain accuracy"), ((-0.01, 0.03), "No difference is shown")],
)
def test_the_headline_is_on_the_page(interval: tuple[float, float], sentence: str) -> None:
    text = Page(render(experiment(interval=interval))).text
    assert sentence in text
    assert "optimistic" in text


def test_notes_counts_and_settings_are_on_the_page() -> None:
    text = Page(render(experiment(notes=["2 variants were left out"]))).text
    for words in ("2 variants were left out", "1,556 (complete)", "15 of 15 ended", JOB_ID):
        assert words in text
    assert "4 variants at random (seed 0)" in text


def test_what_users_named_is_escaped() -> None:
    html = render(experiment(name="<script>alert(1)</script>", notes=["</script><b>"]))
    assert "<script>alert" not in html
    assert "</script><b>" not in html


def test_a_job_without_results_has_a_page() -> None:
    page = Page(render(experiment(results=None, state="queued", finished_at=None)))
    assert "no result yet" in page.text


@pytest.mark.parametrize("resolutions", [(8,) * 4, (6,) * 60, (6, 8, 8, 12)])
def test_no_network_hides_another_of_its_resolution(resolutions: tuple[int, ...]) -> None:
    *_, means, _ = accuracy_plot(rows_of(experiment(resolutions=resolutions)))["data"]
    assert len(set(means["x"])) == len(resolutions)
    ticks = {5, *resolutions}
    nearest = [min(ticks, key=lambda tick: abs(tick - x)) for x in means["x"]]
    assert nearest == list(resolutions)


def test_each_seed_has_a_dot() -> None:
    data = accuracy_plot(rows_of(experiment()))["data"]
    assert [len(data[0]["y"]), len(data[2]["y"])] == [3, 12]
    assert SEARCH_ID not in json.dumps(data)
