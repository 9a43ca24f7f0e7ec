"""Sentences claim no more than the numbers show."""

import pytest

from app.ui.experiment import rows_of
from app.ui.sentences import (
    best_sentence,
    budget_of,
    headline,
    percent,
    points,
    selected_sentence,
)
from solver.problem import Question
from tests.app.ui.experiments import experiment, halved


def test_an_interval_above_zero_is_called_a_gain() -> None:
    said = headline(experiment(gain=0.019, interval=(0.006, 0.031)))
    assert said == (
        "Larger images gain accuracy at the same number of parameters, for this original: the mean "
        "variant is 1.9 percentage points above the original (95% interval +0.6 to +3.1 pp)."
    )


def test_an_interval_below_zero_is_called_a_loss() -> None:
    assert "lose accuracy" in headline(experiment(gain=-0.02, interval=(-0.03, -0.01)))


@pytest.mark.parametrize("interval", [(-0.01, 0.03), (0.0, 0.03), (-0.03, 0.0)])
def test_an_interval_that_contains_zero_shows_no_difference(interval: tuple[float, float]) -> None:
    said = headline(experiment(gain=0.004, interval=interval))
    assert said.startswith("No difference is shown")
    assert "gain" not in said


def test_equivalence_is_a_claim_of_its_own() -> None:
    said = headline(experiment(gain=0.001, interval=(-0.004, 0.006), verdict="equivalent"))
    assert said.startswith("No difference beyond one percentage point")
    assert "95% interval −0.4 to +0.6 pp" in said


def test_without_an_interval_nothing_is_claimed() -> None:
    said = headline(experiment(interval=None))
    assert "There is no interval" in said
    assert "chance" in said


def test_without_results_there_is_a_sentence_and_a_row_for_each_network_all_the_same() -> None:
    empty = experiment(results=None)
    assert "no result yet" in headline(empty)
    assert selected_sentence(empty) == "No variant can be selected yet."
    assert best_sentence(empty) == "No variant is best yet."
    assert [row.label for row in rows_of(empty)] == ["original", "V1", "V2", "V3", "V4"]
    assert {row.mean for row in rows_of(empty)} == {None}


def test_best_of_k_is_marked_optimistic() -> None:
    assert "Best of 4: V3, with +2.0 pp. This is optimistic" in best_sentence(experiment())


def test_after_halving_nothing_is_said_of_a_mean_variant_and_the_best_is_of_those_tested() -> None:
    assert headline(halved()).startswith("There is no mean variant")
    assert "Best of 3: V3" in best_sentence(halved())


def test_the_selected_variant_is_named_with_its_interval() -> None:
    said = selected_sentence(experiment())
    assert "V2" in said
    assert "95% interval +1.0 to +3.0 pp" in said


def test_rows_hold_counts_gains_and_each_seed() -> None:
    original, first, *_ = rows_of(experiment())
    assert (original.resolution, original.params, original.gain) == (5, 2972, None)
    assert first.gain == pytest.approx(0.02)
    assert first.assignment == "K1=3 C1=6"
    assert first.seeds == ((0, 0.9), (1, 0.91), (2, 0.92))


def test_a_tolerance_and_the_papers_scope_are_not_called_the_same() -> None:
    question = {"approach": "IV", "budget": "flops"}
    tolerant = Question.model_validate({**question, "tolerance": {"below": 0.01, "above": 0.0}})
    assert budget_of(tolerant) == "about the same number of FLOPs"
    printed = Question.model_validate({**question, "scope": "paper"})
    assert budget_of(printed) == "the same number of FLOPs by the paper’s equation"


def test_multiply_adds_are_called_so_where_they_are_what_stays_equal() -> None:
    asked = Question.model_validate({"approach": "V", "budget": "both", "count": "macs"})

    assert budget_of(asked) == "the same numbers of parameters and multiply-adds"


def test_points_have_a_sign() -> None:
    assert [points(gain) for gain in (0.0, -0.012, 0.012)] == ["+0.0 pp", "−1.2 pp", "+1.2 pp"]


def test_percentages_have_the_sign_of_print_and_are_unknown_where_nothing_is_known() -> None:
    assert [percent(it) for it in (None, 0.931, -0.0123)] == ["–", "93.1%", "−1.2%"]
