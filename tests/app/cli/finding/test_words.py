from typing import Any

import pytest

from app.cli.console import ExitCode
from app.cli.finding.found import Found, Nothing
from app.cli.finding.words import code_of, print_answer, sentence
from app.shipped import example
from solver.network.architecture import Architecture
from solver.network.counting import count
from tests.app.views import variant_view

INFEASIBLE: dict[str, Any] = {
    "approach": "IV",
    "search_id": "a",
    "outcome": "infeasible",
    "found": 0,
    "looked_at": 0,
    "kept": 0,
    "candidates": 0,
    "explanation": {"blocking": ["equal flops"], "nearest": None, "reasons": ["too few"]},
    "nearest": None,
}
BEYOND = {
    "outcome": "complete",
    "found": 7,
    "looked_at": 7,
    "explanation": None,
    "nearest": variant_view(),
}
LATE = {"outcome": "timed_out", "explanation": None}
NETWORK = Architecture.model_validate(example("digits-architecture"))


def found(**changes: Any) -> Found:
    """A variant that was chosen, with 90 % on validation images against the original's 80 %."""
    common = {
        "architecture": NETWORK,
        "counts": count(NETWORK),
        "test_accuracy": {"mean": 0.8, "sd": 0.01, "n": 3},
    }
    own = {"approach": None, "variant_id": None, "validation_accuracy": 0.8}
    best = {"approach": "IV", "variant_id": "a-0", "validation_accuracy": 0.9}
    return Found.model_validate(
        {
            "chosen": "variant",
            "exceeded": [],
            "original": {**common, **own},
            "variant": {**common, **best},
            "gain": {"variant_id": "a-0", "gain": 0.05, "ci": (0.01, 0.09), "verdict": "better"},
            "bounds": {},
            "searches": [],
            "job_id": "b",
            "model": "model.py",
            "report": "report.html",
            **changes,
        }
    )


def test_a_variant_is_named_with_its_gain_and_how_well_that_is_known() -> None:
    words = sentence(found())
    assert "5 px (approach IV)" in words
    assert "+5.0 pp against the original (95% interval +1.0 to +9.0 pp): better" in words


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("worse", "worse, for this original"),
        ("equivalent", "no difference beyond one percentage point"),
        ("not_decided", "no difference is shown"),
    ],
)
def test_no_more_is_claimed_than_is_shown(verdict: str, words: str) -> None:
    gain = {"variant_id": "a-0", "gain": 0.001, "ci": (-0.01, 0.012), "verdict": verdict}
    assert sentence(found(gain=gain)).endswith(f"(95% interval −1.0 to +1.2 pp): {words}.")


def test_without_an_interval_it_may_be_chance() -> None:
    words = sentence(found(gain={"variant_id": "a-0", "gain": 0.05, "ci": None}))
    assert "interval" not in words
    assert "cannot tell it from chance" in words


def test_the_original_may_be_the_answer() -> None:
    words = sentence(found(chosen="original"))
    assert words.startswith("The network that Eq. 1 asks for is the original")
    assert "80.0%, and the best candidate 90.0%" in words


def nothing(*searches: dict[str, Any]) -> Nothing:
    bounds = {"params": (2900, 3000), "activation_bytes": (0, 1000)}
    asked = [{**INFEASIBLE, **changes} for changes in searches]
    return Nothing.model_validate({"bounds": bounds, "searches": asked})


def test_it_is_proved_that_there_is_nothing_if_all_were_looked_at() -> None:
    assert code_of(nothing({}, BEYOND)) == ExitCode.INFEASIBLE
    assert code_of(nothing({}, BEYOND, LATE)) == ExitCode.TIMED_OUT
    assert code_of(nothing({}, {**BEYOND, "outcome": "truncated"})) == ExitCode.TIMED_OUT


def test_each_approach_says_what_is_in_its_way(capsys: pytest.CaptureFixture[str]) -> None:
    print_answer(nothing({}, BEYOND, LATE))

    said = capsys.readouterr().out
    assert "blocking: equal flops" in said
    assert "- --max-activation-bytes: at most 1,000 is asked for; the nearest has 1,152" in said
    assert "--max-params" not in said
    assert "give it more with --time-limit" in said
