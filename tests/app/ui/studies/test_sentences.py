"""A study's sentences claim no more than its numbers show."""

from typing import Any

import pytest

from app.schemas.studies import StudyView
from app.ui.studies.sentences import conclusion, decomposition
from solver.variation.tolerance import Tolerance
from tests.app.ui.studies.studies import cell, estimate, networks, study


def of(verdict: str | None, contrast: str = "true_minus_upsampled", **changes: Any) -> StudyView:
    """A study whose primary contrast has this verdict."""
    found = estimate(0.0153, (0.0021, 0.0285), verdict=verdict, **changes)
    return study(cells=[{**cell(), contrast: found}], contrast=contrast)


@pytest.mark.parametrize(
    ("verdict", "claim"),
    [
        ("better", "More pixels raise accuracy at the same number of parameters"),
        ("worse", "More pixels lower accuracy at"),
        ("equivalent", "More pixels make no difference beyond one percentage point at"),
        ("not_decided", "It is not decided whether more pixels raise accuracy at"),
        (None, "It is not decided whether more pixels raise accuracy at"),
    ],
)
def test_each_verdict_has_its_sentence(verdict: str | None, claim: str) -> None:
    assert conclusion(of(verdict)).startswith(claim)


@pytest.mark.parametrize(
    ("contrast", "claim"),
    [
        ("mean_variant", "Variants for larger images are less accurate than their originals"),
        ("selected", "A variant chosen on validation images is less accurate than its original"),
    ],
)
def test_each_contrast_has_its_sentence(contrast: str, claim: str) -> None:
    assert conclusion(of("worse", contrast)).startswith(claim)


def test_the_numbers_behind_a_verdict_are_said() -> None:
    assert conclusion(of("better")) == (
        "More pixels raise accuracy at the same number of parameters (approach IV, mnist at "
        "12 px): variants score +1.53 pp against themselves on images with no more detail "
        "(95% interval +0.21 to +2.85 pp, p = 0.031, 3 originals)."
    )


def test_what_is_not_decided_says_how_many_originals_would_decide_it() -> None:
    assert conclusion(of("not_decided", needed=1_000)).endswith(
        "With this spread, 1,000 originals would decide it."
    )
    assert conclusion(of("not_decided")).endswith("cannot be said, or it takes more than 1,000.")
    assert "would decide" not in conclusion(of("equivalent", needed=12))


def test_a_missing_interval_is_called_missing() -> None:
    found = study(cells=[cell(true_minus_upsampled=estimate(0.01, None, n=1))])
    assert "(no interval, 1 original)" in conclusion(found)


@pytest.mark.parametrize("cells", [[], [cell(true_minus_upsampled=estimate(None))]])
def test_without_a_gain_there_is_no_result(cells: list[dict[str, Any]]) -> None:
    assert conclusion(study(cells=cells, state="running")) == (
        "There is no result yet: the study is running."
    )
    assert conclusion(study(cells=cells)).startswith("There is no result: nothing")


def test_a_study_that_goes_on_says_so_far() -> None:
    running = study(cells=[cell()], state="running")
    assert conclusion(running).startswith("So far: more pixels raise accuracy")


def test_a_study_without_approaches_compares_nothing() -> None:
    assert conclusion(networks()).startswith("This study compares nothing")
    assert [*decomposition(networks())] == []


def test_a_tolerance_is_not_called_the_same_number() -> None:
    tolerant = study(cells=[cell()])
    asked = tolerant.request.model_copy(update={"tolerance": Tolerance(below=0.01, above=0.0)})
    said = conclusion(tolerant.model_copy(update={"request": asked}))
    assert "at about the same number of parameters" in said


def test_pixels_geometry_and_luck_are_told_apart() -> None:
    parts, luck = decomposition(study(cells=[cell()]))
    assert parts == (
        "The extra pixels change accuracy by +1.53 pp (95% interval +0.21 to +2.85 pp), and the "
        "changed geometry changes it by −5.54 pp (95% interval −9.00 to −2.00 pp); with both, the "
        "mean variant differs from its original by −4.01 pp (95% interval −10.00 to +2.00 pp)."
    )
    assert luck == (
        "The best of 4, the paper’s figure, claims +2.21 pp, but the best of 4 further trainings "
        "of the original itself gains +1.07 pp by luck alone, which leaves +1.14 pp (95% interval "
        "−0.30 to +2.60 pp, p = 0.031, 3 originals)."
    )


def test_what_controls_would_show_is_not_made_up_without_them() -> None:
    nothing = {"gain": None}
    bare = cell(
        true_minus_upsampled=nothing, upsampled_minus_original=nothing, best_of_k_null=nothing
    )
    parts, luck = decomposition(study(cells=[bare]))
    assert "cannot be told apart: no variant was trained on upsampled images" in parts
    assert "optimistic" in luck
    assert "the originals were not trained again" in luck


def test_without_results_the_parts_are_called_missing() -> None:
    empty = cell(mean_variant={"gain": None}, best_of_k={"gain": None})
    assert [*decomposition(study(cells=[empty]))] == [
        "There is no mean variant yet.",
        "There is no best variant yet.",
    ]
