import json
import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
from scipy import stats

from app.schemas.study_plans import DrawnNetwork, StudyPlan
from app.schemas.study_results import StudyResults
from app.schemas.study_terms import Primary
from tests.trainer.statistics.studies import LOW, cell, original, results, runs, terms
from trainer.statistics.study import StudyRun, summarise

NAMES = "abcdefghijkl"
GAINS = (0.02, 0.03, 0.01, 0.04, 0.025, 0.035, 0.02, 0.03, 0.015, 0.02, 0.03, 0.01)


def whole(name: str, gain: float, *, of_pixels: float = 0.01) -> list[StudyRun]:
    """All runs of an original with two variants, the first of which is better by a point."""
    return [
        *runs(name, 0.80, 0.82),
        *runs(name, 0.79, 0.81, 0.83, 0.85, first=2),
        *runs(f"{name}0", 0.82 + gain, 0.81 + gain, validated=[0.7, 0.7]),
        *runs(f"{name}1", 0.81 + gain, 0.80 + gain, validated=[0.8, 0.8]),
        *runs(f"{name}0", 0.82 + gain - of_pixels, 0.81 + gain - of_pixels, detail=LOW),
        *runs(f"{name}1", 0.81 + gain - of_pixels, 0.80 + gain - of_pixels, detail=LOW),
    ]


def study(originals: int) -> StudyResults:
    trained = chain(*map(whole, NAMES[:originals], GAINS))
    return results([cell(*map(original, NAMES[:originals]))], trained)


def test_estimates_are_those_worked_by_hand() -> None:
    [found] = study(4).cells

    assert found.mean_variant.gain == pytest.approx(0.025)
    assert found.selected.gain == pytest.approx(0.020)
    assert found.best_of_k.gain == pytest.approx(0.030)
    assert found.best_of_k_null.gain == pytest.approx(0.84 - 0.81)
    assert found.best_minus_null.gain == pytest.approx(0.0)
    assert found.true_minus_upsampled.gain == pytest.approx(0.01)
    assert found.upsampled_minus_original.gain == pytest.approx(0.015)
    assert found.no_more_rows.gain == pytest.approx(0.020)
    assert found.same_resolution.gain is None
    assert found.accuracy.mean == pytest.approx(0.81)
    assert found.accuracy.n == 4
    assert found.better.share == 1
    assert found.is_primary
    assert found.originals == 4
    assert found.seconds == (2.5, 2.5)


def test_the_interval_is_students_over_the_originals() -> None:
    [found] = study(9).cells
    expected = stats.ttest_1samp(GAINS[:9], 0)

    estimate = found.mean_variant

    assert estimate.ci == pytest.approx(expected.confidence_interval())
    assert estimate.p == max(expected.pvalue, 2 / 2**9)
    assert (estimate.n, estimate.verdict) == (9, "better")


def test_the_papers_figure_has_no_test_and_is_labelled_optimistic() -> None:
    [found] = study(9).cells

    for estimate in (found.best_of_k, found.best_of_k_null):
        assert estimate.optimistic
        assert (estimate.p, estimate.p_adjusted, estimate.verdict) == (None, None, None)
    assert found.best_of_k.ci is not None


def test_five_originals_show_no_difference_however_large_and_say_how_many_would() -> None:
    [found] = study(5).cells

    assert found.mean_variant.ci is not None
    assert found.mean_variant.ci[0] > 0
    assert found.mean_variant.p == 2 / 2**5
    assert (found.mean_variant.verdict, found.mean_variant.needed) == ("not_decided", 6)
    [found] = study(6).cells
    assert (found.mean_variant.verdict, found.mean_variant.needed) == ("better", None)


def test_two_originals_have_no_interval_and_one_has_none() -> None:
    for originals in (1, 2):
        [found] = study(originals).cells
        assert found.mean_variant.gain is not None
        assert found.mean_variant.model_dump(exclude={"gain", "n"}) == {
            "ci": None,
            "p": None,
            "p_adjusted": None,
            "verdict": None,
            "needed": None,
        }
    assert study(3).cells[0].mean_variant.ci is not None


@pytest.mark.parametrize("name", ["selected", "best_of_k", "best_minus_null"])
def test_what_was_chosen_has_an_interval_from_six_originals_on(name: str) -> None:
    [five], [six] = study(5).cells, study(6).cells

    assert getattr(five, name).gain is not None
    assert getattr(five, name).ci is None
    assert getattr(six, name).ci is not None


def test_originals_whose_gains_are_small_are_equivalent() -> None:
    gains = (0.001, -0.001, 0.002, -0.002, 0.0005, -0.0005)
    trained = chain(*(whole(name, gain - 0.0) for name, gain in zip("abcdef", gains, strict=True)))

    [found] = results([cell(*map(original, "abcdef"))], trained).cells

    assert found.mean_variant.verdict == "equivalent"


def test_an_original_counts_once_both_sides_have_a_run() -> None:
    """``b`` has no run of its own, ``c`` one variant of two, ``d`` none, ``e`` no control."""
    trained = [
        *whole("a", 0.02),
        *runs("b0", 0.9),
        *runs("c", 0.80),
        *runs("c0", 0.84),
        *runs("d", 0.80),
        *runs("e", 0.80),
        *runs("e0", 0.81),
        *runs("e1", 0.83),
    ]

    [found] = results([cell(*map(original, "abcde"))], trained).cells

    assert (found.mean_variant.n, found.originals) == (3, 3)
    assert found.mean_variant.gain == pytest.approx((0.02 + 0.04 + 0.02) / 3)
    assert (found.true_minus_upsampled.n, found.best_of_k_null.n) == (1, 1)
    assert [len(it.variants) for it in found.networks] == [2] * 5
    assert found.networks[3].variants[0].accuracy.model_dump() == {"mean": None, "sd": None, "n": 0}


def test_a_variant_counts_in_the_control_only_beside_its_own_upsampled_self() -> None:
    trained = [*runs("a", 0.8), *runs("a0", 0.9), *runs("a1", 0.7), *runs("a0", 0.85, detail=LOW)]

    [found] = results([cell(original("a"))], trained).cells

    assert found.true_minus_upsampled.gain == pytest.approx(0.05)
    assert found.upsampled_minus_original.gain == pytest.approx(0.05)
    assert found.mean_variant.gain == pytest.approx(0.0)


def test_luck_is_measured_with_as_many_trainings_as_there_are_variants() -> None:
    """One further training of two is too few; a third is not used."""
    short = [
        *runs("a", 0.8, 0.8),
        *runs("a0", 0.9),
        *runs("a1", 0.9),
        *runs("a", 0.9, 0.9, first=2),
    ]

    [few] = results([cell(original("a"))], short).cells
    [enough] = results([cell(original("a"))], [*short, *runs("a", 0.7, 0.9, first=4)]).cells
    [more] = results([cell(original("a"))], [*short, *runs("a", 0.7, 0.9, 1.0, 1.0, first=4)]).cells

    assert few.best_of_k_null.gain is None
    assert enough.best_of_k_null.gain == pytest.approx(0.1)
    assert more.best_of_k_null == enough.best_of_k_null
    assert enough.networks[0].retrained == pytest.approx((0.9, 0.8))
    assert enough.networks[0].accuracy.n == 2


def test_a_lucky_training_is_not_scored_with_the_luck_that_it_was_chosen_by() -> None:
    """Seed 0 went well for ``a0``, seed 1 for ``a1``; each is scored with the other seed."""
    trained = [*runs("a", 0.8, 0.8), *runs("a0", 0.9, 0.8), *runs("a1", 0.7, 0.85)]

    [found] = results([cell(original("a"))], trained).cells

    assert found.selected.gain == pytest.approx((0.7 + 0.8) / 2 - 0.8)


def test_with_one_seed_no_variant_can_be_selected() -> None:
    trained = [*runs("a", 0.8), *runs("a0", 0.9), *runs("a1", 0.7)]

    [found] = results([cell(original("a"))], trained, terms(seeds=1)).cells

    assert found.selected.gain is None
    assert found.best_of_k.gain == pytest.approx(0.1)


def test_an_architecture_may_be_an_original_in_one_cell_and_a_variant_in_another() -> None:
    """Its further trainings are those of the original alone."""
    first = cell(original("a"))
    second = cell(original("b"), resolution=10)
    [variant, other] = second.originals[0].variants
    shared = variant.model_copy(update={"architecture_id": "a"})
    member = second.originals[0].model_copy(update={"variants": (shared, other)})
    second = second.model_copy(update={"originals": (member,)})
    trained = [*whole("a", 0.02), *runs("b", 0.7), *runs("b1", 0.7)]

    found = results([first, second], trained).cells

    assert found[1].mean_variant.gain == pytest.approx((0.81 + 0.7) / 2 - 0.7)
    assert [it.is_primary for it in found] == [True, False]


def test_other_cells_are_corrected_for_each_other_and_the_primary_contrast_is_not() -> None:
    cells = [cell(*map(original, NAMES), approach=approach) for approach in ("IV", "III", "II")]
    trained = list(chain(*map(whole, NAMES, GAINS)))
    asked = terms(primary=Primary(approach="IV", resolution=LOW, contrast="mean_variant"))

    found = results(cells, trained, asked)

    primary, *others = (it.mean_variant for it in found.cells)
    assert primary.p_adjusted == primary.p
    assert [it.p_adjusted for it in others] == [pytest.approx(2 * (primary.p or 0))] * 2
    assert [it.upsampled_minus_original.p_adjusted for it in found.cells] == [
        pytest.approx(3 * (found.cells[0].upsampled_minus_original.p or 0))
    ] * 3
    assert found.verdict == primary.verdict == "better"


def test_equivalence_is_corrected_too() -> None:
    gains = (0.006, -0.004, 0.006, 0.0, 0.012, 0.004)
    trained = list(chain(*map(whole, "abcdef", gains)))
    drawn = [original(name) for name in "abcdef"]
    asked = terms(primary=Primary(approach="IV", resolution=LOW, contrast="mean_variant"))

    alone, *others = results(
        [cell(*drawn, approach=approach) for approach in ("IV", "III", "II", "I")], trained, asked
    ).cells

    assert alone.mean_variant.verdict == "equivalent"
    assert {it.mean_variant.verdict for it in others} == {"not_decided"}


def with_images(name: str, rng: np.random.Generator, kind: slice) -> list[StudyRun]:
    """An original, and two variants that are right on more of 200 test images: on the kind ones."""
    theirs = rng.random(200) < 0.7
    ours = theirs.copy()
    ours[kind] = True
    return [
        run
        for key, row in {name: theirs, f"{name}0": ours, f"{name}1": ours}.items()
        for run in runs(key, float(row.mean()), correct=[np.packbits(row).tobytes()])
    ]


def test_test_images_that_are_kind_to_all_variants_widen_the_interval() -> None:
    def width(kinds: Sequence[slice], *, are_known: bool) -> float:
        rng = np.random.default_rng(0)
        trained = [
            replace(run, test_correct=run.test_correct if are_known else b"")
            for name, kind in zip("abcdef", kinds, strict=True)
            for run in with_images(name, rng, kind)
        ]
        [found] = results([cell(*map(original, "abcdef"))], trained).cells
        assert found.mean_variant.ci is not None
        return found.mean_variant.ci[1] - found.mean_variant.ci[0]

    same = [slice(30)] * 6
    others = [slice(30 * n, 30 * n + 30) for n in range(6)]

    assert width(same, are_known=True) > 1.3 * width(same, are_known=False)
    assert width(others, are_known=True) == pytest.approx(width(others, are_known=False), rel=0.1)


def test_networks_without_an_approach_are_listed_for_themselves() -> None:
    drawn = DrawnNetwork(member=3, architecture_id="a", resolution=LOW)

    found = summarise(
        StudyPlan(networks=(drawn,)), terms(primary=None), runs("a", 0.8, 0.9), {"a": (7, 8)}
    )

    [network] = found.networks
    assert (network.member, network.params, network.flops) == (3, 7, 8)
    assert network.accuracy.mean == pytest.approx(0.85)
    assert network.seconds == 2.5
    assert (found.cells, found.verdict) == ((), None)


def test_networks_are_shown_with_their_cost_and_their_controls() -> None:
    member = original("a", same=["a9"])
    trained = [*whole("a", 0.02), *runs("a9", 0.8)]

    [found] = results([cell(member)], trained).cells[0].networks

    first = found.variants[0]
    assert (found.variant_id, found.found, found.member) == (None, 7, 0)
    assert (first.variant_id, first.params, first.flops) == ("a-0", 102, 1000)
    assert first.validation_accuracy.mean == pytest.approx(0.7)
    assert first.upsampled is not None
    assert first.upsampled.mean == pytest.approx(0.825)
    assert found.same_resolution[0].accuracy.mean == pytest.approx(0.8)
    assert found.same_resolution[0].upsampled is None


def test_nothing_is_known_before_the_first_run_and_never_nan() -> None:
    found = results([cell(*map(original, "abc"))], [])

    assert found.cells[0].mean_variant.gain is None
    assert found.cells[0].better.share is None
    assert found.cells[0].spread["mean_variant"].model_dump() == {
        "originals": None,
        "variants": None,
        "seeds": None,
        "images": None,
    }
    assert "NaN" not in json.dumps(found.model_dump(mode="json"))
    assert StudyResults.model_validate_json(found.model_dump_json()) == found


def test_the_share_that_is_better_counts_ties_half() -> None:
    trained = [*runs("a", 0.8), *runs("a0", 0.8), *runs("a1", 0.9)]

    assert results([cell(original("a"))], trained).cells[0].better.share == 0.75


def test_the_interval_of_the_share_leaves_room_for_what_was_not_seen() -> None:
    """Every variant of twelve originals is better; a further original's may not be."""
    assert study(11).cells[0].better.ci is None

    better = study(12).cells[0].better

    middle = (12 + 0.25 * 0.5) / 12.25
    spread = (12 * (1 - middle) ** 2 + 0.25 * (0.5 - middle) ** 2) / 11.25
    half = stats.t.ppf(0.975, 11) * math.sqrt(spread / 12.25)
    assert better.share == 1
    assert better.ci == pytest.approx((middle - half, 1.0))
