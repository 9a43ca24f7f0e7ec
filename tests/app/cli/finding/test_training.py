from typing import Any

from app.cli.finding.training import Trial, choose
from tests.app.client.factories import Script, answer, page
from tests.app.views import SEARCH_ID, job_view, run_view, search_view


def trial(winner: float | None, original: float | None = 0.9) -> Trial:
    """A trial of two variants, with the validation accuracies of its winner and of the original."""
    ids = [f"{SEARCH_ID}-{position}" for position in range(2)]
    results = {
        "original": {"accuracy": _accuracy(0.9)},
        "variants": [
            {
                "variant_id": id_,
                "resolution": 8,
                "accuracy": _accuracy(accuracy),
                "validation_accuracy": _accuracy(accuracy),
            }
            for id_, accuracy in zip(ids, (0.99, winner), strict=True)
        ],
        "mean_variant": None,
        "selected": {"variant_id": None if winner is None else ids[1], "gain": None, "ci": None},
        "best_of_k": {"variant_id": None, "gain": None, "optimistic": True},
    }
    runs = [run_view(seed=seed, validation_accuracy=original) for seed in range(2)]
    runs.append(run_view(ids[1], validation_accuracy=winner))
    script = Script(answer(search_view()), answer(job_view(results=results)), page(runs))
    client = script.client()
    return Trial(client.get_search(SEARCH_ID), client.job("any"))


def _accuracy(mean: float | None) -> dict[str, Any]:
    return {"mean": mean, "sd": None, "n": 0 if mean is None else 3}


def test_the_best_winner_on_validation_images_is_chosen() -> None:
    trials = [trial(0.92), trial(0.95), trial(0.93)]
    choice = choose(trials, is_original_allowed=True)
    assert choice is not None
    assert (choice.trial, choice.validated, choice.original) == (trials[1], 0.95, 0.9)
    assert choice.is_variant


def test_a_variant_that_halving_dropped_is_no_winner() -> None:
    choice = choose([trial(0.92)], is_original_allowed=True)
    assert choice is not None
    assert choice.winner.variant_id == f"{SEARCH_ID}-1"


def test_the_original_is_chosen_where_no_variant_is_better() -> None:
    for winner in (0.9, 0.8):
        choice = choose([trial(winner)], is_original_allowed=True)
        assert choice is not None
        assert not choice.is_variant


def test_an_original_beyond_the_bounds_is_not_chosen() -> None:
    choice = choose([trial(0.8)], is_original_allowed=False)
    assert choice is not None
    assert choice.is_variant


def test_an_approach_whose_variants_all_failed_is_passed_over() -> None:
    choice = choose([trial(None), trial(0.95)], is_original_allowed=True)
    assert choice is not None
    assert choice.validated == 0.95


def test_nothing_is_chosen_if_nothing_was_trained_to_the_end() -> None:
    assert choose([trial(None)], is_original_allowed=True) is None
    assert choose([trial(0.9, original=None)], is_original_allowed=True) is None
