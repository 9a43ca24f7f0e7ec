import json
import math

import numpy as np
import pytest
from scipy import stats

from app.schemas.results import HalvingResult, MeanVariant, Results, RungResult
from trainer.statistics.job import Run, TrainedNetwork, summarise


def network(id_: str, test: list[float], validation: list[float] | None = None) -> TrainedNetwork:
    pairs = zip(test, validation or test, strict=True)
    return TrainedNetwork(id_, 16, tuple(Run(seed, *pair) for seed, pair in enumerate(pairs)))


def mean_variant(results: Results) -> MeanVariant:
    assert results.mean_variant is not None
    return results.mean_variant


ORIGINAL = network("original", [0.80, 0.82])
WIDE = network("wide", [0.84, 0.88], [0.81, 0.83])
TALL = network("tall", [0.83, 0.85], [0.85, 0.87])


def test_estimates_are_those_worked_by_hand() -> None:
    results = summarise(ORIGINAL, [WIDE, TALL])

    assert results.original.accuracy.mean == pytest.approx(0.81)
    assert results.original.accuracy.sd == pytest.approx(0.02 / math.sqrt(2))
    assert results.original.accuracy.n == 2
    assert [v.accuracy.mean for v in results.variants] == pytest.approx([0.86, 0.84])
    assert [v.validation_accuracy.mean for v in results.variants] == pytest.approx([0.82, 0.86])
    assert mean_variant(results).gain == pytest.approx(0.04)
    assert results.selected.variant_id == "tall"
    assert results.selected.gain == pytest.approx(0.03)
    assert results.best_of_k.variant_id == "wide"
    assert results.best_of_k.gain == pytest.approx(0.05)
    assert results.best_of_k.optimistic


def test_a_variant_with_more_runs_weighs_no_more() -> None:
    results = summarise(ORIGINAL, [network("a", [0.9] * 8), network("b", [0.8, 0.8])])

    assert mean_variant(results).gain == pytest.approx(0.85 - 0.81)


def test_runs_without_spread_tell_nothing_about_chance() -> None:
    results = summarise(network("original", [0.5, 0.5]), [network("a", [0.75, 0.75])])

    for estimate in (mean_variant(results), results.selected):
        assert (estimate.gain, estimate.ci, estimate.verdict) == (0.25, None, None)


def test_the_interval_of_drawn_variants_holds_a_little_more_than_welchs() -> None:
    """Both arms have two degrees of freedom, of which Welch's test makes nearly four."""
    original = network("original", [0.80, 0.82, 0.87])
    variants = [network("a", [0.9, 0.8]), network("b", [0.7, 0.8]), network("c", [0.95, 0.85])]
    welch = stats.ttest_ind([0.85, 0.75, 0.9], original.test_accuracies, equal_var=False)
    ours, theirs = stats.sem([0.85, 0.75, 0.9]), stats.sem(original.test_accuracies)

    found = mean_variant(summarise(original, variants))

    assert found.ci is not None
    low, high = welch.confidence_interval()
    widest = 2 * stats.t.isf(0.025, 2) * math.hypot(ours, theirs)
    assert found.ci[1] - found.ci[0] == pytest.approx((high - low + widest) / 2)
    assert sum(found.ci) == pytest.approx(low + high)
    assert found.verdict == "not_decided"
    assert found.better == pytest.approx(2 / 3)


def test_a_lucky_training_is_not_scored_with_the_luck_that_it_was_chosen_by() -> None:
    """Seed 0 went well for ``a``, seed 1 for ``b``; each is scored with the other seed."""
    original = network("original", [0.80, 0.80])

    selected = summarise(original, [network("a", [0.9, 0.8]), network("b", [0.7, 0.85])]).selected

    assert selected.variant_id == "a"
    assert selected.gain == pytest.approx((0.7 + 0.8) / 2 - 0.8)


def test_with_one_seed_the_selected_variant_has_no_interval() -> None:
    selected = summarise(network("original", [0.8]), [network("a", [0.9])]).selected

    assert selected.gain == pytest.approx(0.1)
    assert selected.ci is None


def test_a_variant_with_a_single_run_is_not_selected_before_others() -> None:
    selected = summarise(ORIGINAL, [WIDE, network("lucky", [0.99])]).selected

    assert selected == summarise(ORIGINAL, [WIDE]).selected


def test_the_interval_of_the_selected_holds_a_little_more_than_welchs() -> None:
    """Its degrees of freedom are half-way to those of the original's three seeds."""
    original, variant = network("original", [0.1, 0.2, 0.15]), network("a", [0.5, 0.6, 0.61, 0.4])
    welch = stats.ttest_ind(variant.test_accuracies, original.test_accuracies, equal_var=False)
    error = math.hypot(stats.sem(variant.test_accuracies), stats.sem(original.test_accuracies))
    gain = 0.5275 - 0.15
    half = stats.t.isf(0.025, (welch.df + 2) / 2) * error

    selected = summarise(original, [variant]).selected

    assert selected.ci == pytest.approx((gain - half, gain + half))
    assert selected.verdict == "better"


def test_one_drawn_variant_says_nothing_about_the_others() -> None:
    alone = [network("a", [0.9, 0.8])]

    assert mean_variant(summarise(ORIGINAL, alone)).ci is None
    assert mean_variant(summarise(ORIGINAL, alone, are_drawn=False)).ci is not None


def test_variants_that_stand_for_themselves_vary_by_their_seeds_alone() -> None:
    original = network("original", [0.80, 0.82, 0.81])
    variants = [network("a", [0.90, 0.91, 0.92]), network("b", [0.60, 0.61, 0.62])]

    drawn = mean_variant(summarise(original, variants)).ci
    fixed = mean_variant(summarise(original, variants, are_drawn=False)).ci

    assert drawn is not None
    assert fixed is not None
    assert fixed[1] - fixed[0] < 0.05 < drawn[1] - drawn[0]


def imaged(id_: str, correct: list[list[int]]) -> TrainedNetwork:
    """A network whose runs classified these images correctly."""
    runs = [
        Run(seed, float(np.mean(row)), 0.5, np.packbits(row).tobytes())
        for seed, row in enumerate(correct)
    ]
    return TrainedNetwork(id_, 16, tuple(runs))


def test_few_test_images_widen_the_interval() -> None:
    """The seeds hardly differ, but each network is better on images of its own."""
    theirs = [[1] * 12 + [0] * 8, [1] * 11 + [0] * 9]
    ours = [[0] * 6 + [1] * 14, [0] * 5 + [1] * 15]

    plain = summarise(network("o", [0.6, 0.55]), [network("a", [0.7, 0.75])]).selected
    imaged_ = summarise(imaged("o", theirs), [imaged("a", ours)]).selected

    assert imaged_.gain == pytest.approx(plain.gain)
    assert imaged_.ci is not None
    assert plain.ci is not None
    assert imaged_.ci[0] < plain.ci[0] < plain.ci[1] < imaged_.ci[1]


def halving(kept: list[str] | None) -> HalvingResult:
    tried = ["wide", "tall", "cut"]
    first = RungResult(epochs=1, tried=tried, kept=["wide", "tall"], validation_accuracy=None)
    last = RungResult(epochs=10, tried=["wide", "tall"], kept=kept, validation_accuracy=None)
    return HalvingResult(eta=2, rungs=[first, last])


CUT = TrainedNetwork("cut", 16, (), validated=(0.7, 0.8))


@pytest.mark.parametrize("kept", [None, ["tall"]])
def test_after_halving_there_is_no_mean_variant(kept: list[str] | None) -> None:
    results = summarise(ORIGINAL, [WIDE, TALL, CUT], halving(kept))

    assert results.mean_variant is None
    assert (results.selected.variant_id, results.best_of_k.variant_id) == ("tall", "wide")
    assert results.selected == summarise(ORIGINAL, [WIDE, TALL]).selected
    assert results.best_of_k.optimistic
    assert results.halving == halving(kept)


def test_a_variant_that_halving_cut_off_is_validated_and_untested() -> None:
    cut = summarise(ORIGINAL, [WIDE, TALL, CUT], halving(None)).variants[2]

    assert cut.accuracy.model_dump() == {"mean": None, "sd": None, "n": 0}
    assert cut.validation_accuracy.mean == pytest.approx(0.75)
    assert cut.validation_accuracy.n == 2


def test_the_winner_of_halving_is_selected_even_where_a_run_of_another_failed() -> None:
    """What fails drops out; the runs that it has may still look better."""
    lucky = network("wide", [0.99])

    results = summarise(ORIGINAL, [lucky, TALL, CUT], halving(["tall"]))

    assert results.selected.variant_id == "tall"


def test_intervals_hold_the_gain_and_are_repeatable() -> None:
    first, again = summarise(ORIGINAL, [WIDE, TALL]), summarise(ORIGINAL, [WIDE, TALL])

    assert first == again
    for estimate in (mean_variant(first), first.selected):
        assert estimate.ci is not None
        assert estimate.gain is not None
        assert estimate.ci[0] < estimate.gain < estimate.ci[1]


@pytest.mark.parametrize(
    ("original", "variants"),
    [
        (network("original", [0.8]), [WIDE, TALL]),
        (ORIGINAL, [network("wide", [0.84]), network("tall", [0.83])]),
        (ORIGINAL, [network("best", [0.99])]),
    ],
)
def test_one_run_of_a_network_is_too_few_for_an_interval(
    original: TrainedNetwork, variants: list[TrainedNetwork]
) -> None:
    results = summarise(original, variants)

    assert mean_variant(results).gain is not None
    assert mean_variant(results).ci is None
    assert results.selected.ci is None


def test_one_run_has_no_standard_deviation() -> None:
    assert summarise(network("original", [0.8]), []).original.accuracy.sd is None


def test_a_variant_without_runs_is_listed_and_left_out_of_estimates() -> None:
    results = summarise(ORIGINAL, [WIDE, network("waiting", [])])

    assert results.variants[1].model_dump() == {
        "variant_id": "waiting",
        "resolution": 16,
        "accuracy": {"mean": None, "sd": None, "n": 0},
        "validation_accuracy": {"mean": None, "sd": None, "n": 0},
    }
    assert results.mean_variant == summarise(ORIGINAL, [WIDE]).mean_variant


@pytest.mark.parametrize(
    ("original", "variants"),
    [
        (network("original", []), []),
        (network("original", []), [WIDE]),
        (ORIGINAL, []),
        (ORIGINAL, [network("waiting", [])]),
    ],
)
def test_what_is_not_known_yet_is_none_and_never_nan(
    original: TrainedNetwork, variants: list[TrainedNetwork]
) -> None:
    results = summarise(original, variants)

    assert {*mean_variant(results).model_dump().values()} == {None}
    assert results.selected.gain is None
    assert results.best_of_k.gain is None
    assert "NaN" not in json.dumps(results.model_dump())


def test_results_have_the_fields_of_the_contract_and_survive_json() -> None:
    results = summarise(ORIGINAL, [WIDE])

    content = json.loads(results.model_dump_json())
    accuracy = {"mean", "sd", "n"}
    assert set(content) == {
        "original",
        "variants",
        "mean_variant",
        "selected",
        "best_of_k",
        "halving",
    }
    assert set(content["original"]) == {"accuracy"}
    assert set(content["original"]["accuracy"]) == accuracy
    [variant] = content["variants"]
    assert set(variant) == {"variant_id", "resolution", "accuracy", "validation_accuracy"}
    gain = {"gain", "ci", "p", "verdict"}
    assert set(content["mean_variant"]) == {*gain, "better"}
    assert set(content["selected"]) == {*gain, "variant_id"}
    assert set(content["best_of_k"]) == {"variant_id", "gain", "optimistic"}
    assert Results.model_validate_json(results.model_dump_json()) == results
