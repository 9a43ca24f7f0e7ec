"""The report needs nothing from outside, runs nothing, and shows every network."""

import re
from dataclasses import replace

import pytest

from app.ui.experiment import rows_of
from app.ui.report import render
from tests.app.ui.experiments import experiment
from tests.app.ui.pages import Page
from tests.app.views import JOB_ID


def test_nothing_is_loaded_from_outside_and_nothing_runs() -> None:
    html = render(experiment())
    page = Page(html)
    assert page.references == ["data:,"]
    assert not {"script", "a", "img", "iframe", "object", "base"} & {*page.tags}
    assert re.findall(r"url\(|@import", html) == []


def test_every_network_is_in_the_table_and_in_the_pictures() -> None:
    page = Page(render(experiment()))
    for row in rows_of(experiment()):
        assert row.id in page.titles
        assert row.label in page.text
        assert f"{row.label}, {row.resolution} px: " in page.text
        assert f"{row.label}, seed 2: 92.0%" in page.text


def test_the_report_has_the_pictures_of_the_jobs_page() -> None:
    given = experiment()
    dearer = given.variants[0].counts.model_copy(update={"flops": 9_000})
    costs = [given.variants[0].model_copy(update={"counts": dearer}), *given.variants[1:]]

    html = render(replace(given, variants=costs))

    assert re.findall(r'<svg [^>]*aria-label="([^"]+)"', html) == [
        "Test accuracy of the original and its variants: mean ± sd over seeds",
        "Learning curves: mean ± sd over seeds",
        "Test accuracy against FLOPs: mean ± sd over seeds",
    ]


def test_every_colour_of_the_pictures_is_in_the_file() -> None:
    html = render(experiment())
    used, given = {*re.findall(r"var\((--\w+)\)", html)}, {*re.findall(r"(--\w+):", html)}
    assert {"--c1", "--c7"} <= used
    assert used <= given


def test_a_report_is_small_enough_to_be_mailed() -> None:
    assert len(render(experiment()).encode()) < 50_000


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
    assert "Learning curves" in page.text


def test_a_job_that_has_not_begun_has_no_pictures() -> None:
    waiting = experiment(results=None, state="queued", finished_at=None)
    assert "svg" not in Page(render(replace(waiting, runs=[], curves={}))).tags
