from typing import Any

import pytest

from app.cli.finding.found import Found
from app.cli.finding.words import sentence
from app.shipped import example
from solver.network.architecture import Architecture
from solver.network.counting import count

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
