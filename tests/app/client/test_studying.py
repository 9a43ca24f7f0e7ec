"""Studies through the client: asked for, waited for, followed, read."""

import json
from pathlib import Path
from typing import Any, assert_type

import pytest

from app.client import Client, Study, StudyFailedError
from app.client.flows import StudyEvent
from app.client.progress import study_bar
from app.schemas.events import EndEvent, StudyProgressEvent
from app.schemas.studies import StudySummary, StudyView
from app.schemas.study_results import StudyCell
from app.schemas.study_terms import Primary
from app.shipped import example
from solver.network.architecture import Architecture
from solver.variation.tolerance import Tolerance
from tests.app.client.factories import Script, answer, away, end_event, event, page, stream
from tests.app.views import STUDY_ID, study_summary, study_view

NETWORK = example("digits-architecture")


def test_a_study_is_asked_for_with_what_was_given_alone() -> None:
    script = Script(answer(study_view("queued"), 202))
    study = script.client().study(
        "mnist",
        [12, 16],
        ["IV"],
        tolerance=Tolerance(below=0.01),
        grid={"kernel_size": (3, 5)},
        primary=Primary(approach="IV", resolution=12),
        idempotency_key="k",
    )
    assert study.state == "queued"
    assert script.calls == ["POST /v1/studies"]
    assert script.header("Idempotency-Key") == ["k"]
    assert script.body() == {
        "dataset": "mnist",
        "resolutions": [12, 16],
        "approaches": ["IV"],
        "tolerance": {"below": 0.01, "above": 0.0},
        "grid": {"kernel_size": [3, 5]},
        "primary": {
            "approach": "IV",
            "resolution": 12,
            "budget": None,
            "contrast": "true_minus_upsampled",
        },
    }


def test_no_approaches_are_sent_as_none() -> None:
    script = Script(answer(study_view("queued"), 202))
    script.client().study("digits", [8], [])
    assert script.body()["approaches"] == []


def test_the_network_of_a_study_may_have_any_form_but_an_id(tmp_path: Path) -> None:
    path = tmp_path / "network.json"
    path.write_text(json.dumps(NETWORK))
    for form in (NETWORK, path, Architecture.model_validate(NETWORK)):
        script = Script(answer(study_view("queued"), 202))
        script.client().study("digits", [6], architecture=form)
        assert script.body()["architecture"]["layers"][0]["out_channels"] == 16
    with pytest.raises(TypeError, match="takes the architecture itself"):
        Script(away()).client().study("digits", [6], architecture="0" * 32)


def test_a_whole_request_is_sent_as_it_is(tmp_path: Path) -> None:
    request = example("digits-study")
    path = tmp_path / "request.json"
    path.write_text(json.dumps(request))
    for form in (request, path):
        script = Script(answer(study_view("queued"), 202))
        script.client().study_request(form)
        assert script.body() == request


def test_a_study_is_waited_for_and_shown() -> None:
    states = ("queued", "running", "succeeded")
    seen: list[str] = []
    script = Script(*[answer(study_view(state)) for state in ("queued", *states)])

    study = script.client().get_study(STUDY_ID).wait(progress=lambda it: seen.append(it.state))

    assert seen == [*states]
    assert (study.verdict, study.phase, study.notes) == ("not_decided", "ended", ["a note"])
    assert study.grid[0].combinations == 4


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_a_study_that_did_not_succeed_is_an_error_that_holds_it(state: str) -> None:
    script = Script(answer(study_view(state, error="no variants")))
    with pytest.raises(StudyFailedError, match="no variants") as failed:
        script.client().get_study(STUDY_ID).wait()
    assert failed.value.study.state == state


def test_a_list_of_studies_holds_no_results_until_one_is_looked_at() -> None:
    script = Script(page([study_summary()]), answer(study_view()))
    (study,) = script.client().studies()
    assert study.whole is None
    assert (study.cells, study.grid, study.plan) == ([], [], None)
    assert study.refresh().grid[0].resolution == 6


def test_events_go_on_behind_a_break() -> None:
    progress = {**study_view()["progress"], "phase": "searching"}
    script = Script(
        answer(study_view("running")),
        stream(event("progress", progress, "1-00000001")),
        away(),
        stream(end_event("2-00000001!")),
    )

    found: list[StudyEvent] = list(script.client().get_study(STUDY_ID).events())

    assert [type(it) for it in found] == [StudyProgressEvent, EndEvent]
    assert script.header("Last-Event-ID")[1:] == [None, "1-00000001", "1-00000001"]


def test_the_table_is_a_frame_too() -> None:
    table = answer(None)
    table._content = b"role,seed\noriginal,0\n"
    script = Script(answer(study_view()), table)
    study = script.client().get_study(STUDY_ID)
    assert study.results_csv() == b"role,seed\noriginal,0\n"
    assert study.to_pandas().to_dict("records") == [{"role": "original", "seed": 0}]
    assert script.calls[-1] == f"GET /v1/studies/{STUDY_ID}/results.csv"


def test_a_study_is_cancelled() -> None:
    script = Script(answer(study_view("running")), answer(study_view("cancelled")))
    assert script.client().get_study(STUDY_ID).cancel().state == "cancelled"
    assert script.calls[-1] == f"POST /v1/studies/{STUDY_ID}/cancel"


def test_the_bar_says_what_a_study_does(capsys: pytest.CaptureFixture[str]) -> None:
    phases: dict[str, str] = {"counting": "counting", "searching": "searching", "training": "30"}
    for phase, said in phases.items():
        with study_bar() as show:
            show(StudySummary.model_validate(study_summary("running", phase=phase)))
        assert said in capsys.readouterr().err


def test_answers_have_the_types_of_the_schemas() -> None:
    client: Client = Script(answer(study_view())).client()
    study = assert_type(client.get_study(STUDY_ID), Study)
    assert_type(study.cells, list[StudyCell])
    assert isinstance(assert_type(study.whole, StudyView | None), StudyView)
    whole: Any = study.view
    assert repr(study) == f"<Study {whole.id}: succeeded, ended, 3 of 30 runs>"
