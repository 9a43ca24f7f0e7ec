"""The report of a study holds all that it found, and two of the same study differ in times only."""

import re

import pytest

from app.schemas.studies import StudyView
from app.ui.studies.report import render
from app.ui.studies.runs import runs_in
from app.ui.studies.sentences import conclusion
from app.ui.studies.tables import cell_rows
from tests.app.ui.pages import Page
from tests.app.ui.studies.studies import cell, networks, results_csv, study

RUNS = results_csv(
    {"run_id": "a", "role": "original", "state": "succeeded", "seconds": 1.5},
    {"run_id": "a", "role": "variant", "state": "succeeded", "seconds": 1.5},
    {"run_id": "b", "state": "failed", "failure": "memory"},
)


def report(shown: StudyView, runs: str = RUNS) -> str:
    return render(shown, runs_in(runs), {"fig3": '<svg role="img"></svg>'})


def without_times(html: str) -> str:
    return re.sub(r'<span class="varies">.*?</span>', "", html)


def test_the_conclusion_is_the_first_paragraph() -> None:
    html = report(study())
    first = html[html.index("<p") : html.index("</p>")]
    assert conclusion(study()) in Page(first).text


def test_every_estimate_of_every_cell_is_in_the_page() -> None:
    _, *tables = report(study()).split('<th scope="rowgroup"')
    for row, table in zip(cell_rows(study()), tables, strict=True):
        assert row.place in table
        for it in row.estimates:
            assert it.gain == "–" or f"<td>{it.gain}</td><td>{it.ci}</td><td>{it.p}</td>" in table


def test_costs_and_times_of_both_arms_are_in_the_page() -> None:
    text = Page(report(study())).text
    assert "Originals: 4,434 parameters, 92,975 FLOPs, 1.2 s a run." in text
    assert "Variants: 4,434 parameters, 131,900 FLOPs, 2.8 s a run." in text


def test_feasibility_controls_notes_and_failures_are_in_the_page() -> None:
    text = Page(report(study())).text
    for words in (
        "41 (13.4%)",
        "324 combinations; 18 are no valid networks",
        "Upsampled images:",
        "Retrained originals:",
        "Coverage:",
        "2 originals were left out",
        "1 run failed: memory",
        "2 different ones, 1 failed, 1 succeeded",
        "a1b2c3d4e5f6",
    ):
        assert words in text


def test_what_is_outside_the_plan_is_called_exploratory() -> None:
    text = Page(report(study())).text
    assert text.index("exploratory") < text.index("Beside the author’s published results")
    assert "exploratory" not in Page(report(study(dataset="digits"))).text


def test_a_study_of_networks_alone_has_no_cells() -> None:
    text = Page(report(networks())).text
    assert "2 networks of 28 px reach 90.1% in the mean, from 90.0% to 90.2%." in text
    assert (
        "For 2 of 2 networks of 7 px, some network of 14 px with no more parameters is more "
        "accurate; for 0, some network with no more FLOPs is."
    ) in text
    assert "All estimates" not in text


def test_two_reports_of_a_study_differ_in_ids_and_times_only() -> None:
    other = study(
        id="another",
        created_at="2026-12-24T10:00:00Z",
        finished_at="2026-12-24T12:00:00Z",
        cells=[
            cell(approach, side, is_primary=(approach, side) == ("IV", 12), seconds=[7.0, 9.5])
            for approach in ("III", "IV")
            for side in (12, 16)
        ],
    )
    one, again = report(study()), report(other, RUNS.replace("1.5", "2.25"))
    assert one != again
    assert without_times(one) == without_times(again)


@pytest.mark.parametrize("shown", [study(), networks()])
def test_nothing_is_loaded_from_outside_and_no_script_runs(shown: StudyView) -> None:
    page = Page(report(shown))
    assert page.references == ["data:,"]
    assert not {"img", "iframe", "script", "object", "base"} & {*page.tags}


def test_what_users_named_is_escaped() -> None:
    html = report(study(notes=["<b>bold</b>"], error="<script>alert(1)</script>", state="failed"))
    assert "<b>" not in html
    assert "<script>" not in html


def test_a_study_without_results_has_a_page() -> None:
    empty = study(cells=[], feasibility=[], grid=[], state="running", finished_at=None)
    assert "There is no result yet" in Page(report(empty, results_csv())).text
