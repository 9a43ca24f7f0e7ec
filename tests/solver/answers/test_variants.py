import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from solver.answers.search import solve
from solver.answers.variants import (
    MEASURES,
    MOST_ROWS,
    Describer,
    Outcome,
    Variant,
    is_at_least,
)
from solver.approaches import APPROACHES
from solver.network.architecture import Architecture
from solver.network.counting import Delta, count, coverage, receptive_field
from solver.problem import Best, Find, ObjectiveName, Problem, Sample, Settings
from solver.variation.template import Assignment
from tests.solver.factories import (
    FLATTEN,
    GLOBAL_POOL,
    NORM,
    RELU,
    conv,
    linear,
    network,
    pool,
    problem,
)
from tests.strategies import (
    one_convolution,
    ranges_of_one_convolution,
    small_ranges,
    two_convolutions,
)

OBJECTIVE: ObjectiveName = "min_flops"
ASSIGNMENT = {"N": 8, "K1": 4, "C1": 6, "P1": 2, "S1": 3, "C2": 6, "P2": 2, "S2": 2}


@pytest.mark.parametrize(
    ("outcome", "found", "find", "expected"),
    [
        ("timed_out", 0, "all", True),
        ("timed_out", 9, Best(best=OBJECTIVE, top=3), True),
        ("complete", 4, Best(best=OBJECTIVE, top=4), False),
        ("truncated", 4, Best(best=OBJECTIVE, top=3), True),
        ("truncated", 5, Best(best=OBJECTIVE, top=3), False),
        ("truncated", 4, Sample(sample=3), False),
        ("truncated", MOST_ROWS, "all", True),
        ("infeasible", 0, "all", False),
    ],
)
def test_there_may_be_more_than_were_found_where_nothing_says_that_these_are_all(
    outcome: Outcome, found: int, find: Find, expected: bool
) -> None:
    assert is_at_least(outcome, found, find) == expected


def original(**more: str) -> Architecture:
    bare = network(
        conv(16, 3), conv(12, 3), FLATTEN, linear(50, bias=False), linear(10, bias=False),
        resolution=5,
    )  # fmt: skip
    return Architecture.model_validate({**bare.model_dump(), **more})


def test_a_variant_is_described_by_its_counts_and_how_they_differ() -> None:
    variant = Describer(problem(original())).variant(ASSIGNMENT)
    assert variant.approach == "IV"
    assert variant.resolution == 8
    assert variant.assignment == ASSIGNMENT
    assert variant.counts == count(variant.architecture)
    assert (variant.counts.params, variant.counts.flops) == (2_972, 4_124)
    assert variant.delta == Delta(params=0, macs=0, flops=0)
    assert variant.coverage == coverage(variant.architecture) == 1.0
    assert variant.receptive_field == 6 + 5 * 3


def test_a_variants_architecture_can_be_sent_as_it_is() -> None:
    for asked in (problem(original()), problem(original(name="digits"))):
        variant = Describer(asked).variant(ASSIGNMENT)
        dumped = variant.architecture.model_dump_json()
        assert Architecture.model_validate_json(dumped) == variant.architecture
        assert variant.architecture.resolution == 8


@pytest.mark.parametrize(
    ("name", "expected"),
    [(None, None), ("digits", "digits-IV-8px"), ("x" * 200, "x" * 150 + "-IV-8px")],
)
def test_a_variant_is_named_after_its_original(name: str | None, expected: str | None) -> None:
    named = original(name=name) if name else original()
    assert Describer(problem(named)).variant(ASSIGNMENT).architecture.name == expected


def test_pooling_counts_in_variants_as_in_the_problem() -> None:
    pooled = network(conv(16, 3), pool(2, stride=1), conv(12, 2), resolution=5)
    for counted, flops in ((True, 16 * 9), (False, 0)):
        describer = Describer(problem(pooled, count_pooling=counted))
        counts = describer.counts(pooled)
        assert counts.flops - counts.macs == flops


def test_bare_counts_are_those_of_the_described_variant() -> None:
    asked = problem(original(), budget="params", ranges={"resolution": [6, 6]})
    describer = Describer(asked)
    for assignment in solve(asked, Settings(limit=20)).assignments():
        assert describer.bare_counts(assignment) == describer.variant(assignment).counts


DEEP = network(
    conv(16, 3, padding=1), NORM, RELU, conv(16, 3, padding=1, bias=True), NORM, RELU, pool(2),
    conv(24, 3, padding=1), NORM, RELU, conv(24, 3, padding=1), NORM, RELU, pool(2, kind="avg"),
    GLOBAL_POOL, FLATTEN, linear(32), RELU, {"type": "dropout"}, linear(10),
    resolution=32, channels=3,
)  # fmt: skip


def plainly(asked: Problem, assignment: Assignment) -> Variant:
    """A variant without any short cut: all of it validated, and all of its layers counted."""
    template = APPROACHES[asked.approach].template(asked.architecture)
    layers = [layer.model_dump() for layer in template.layers]
    for (place, name), field in template.fields.items():
        layers[place][name] = field.at(assignment)
    image = {"channels": asked.architecture.input.channels, "resolution": assignment["N"]}
    built = Architecture.model_validate({"input": image, "layers": layers})
    counts = count(built, count_pooling=asked.count_pooling)
    original = count(asked.architecture, count_pooling=asked.count_pooling)
    delta = {it: getattr(counts, it) - getattr(original, it) for it in Delta.model_fields}
    return Variant(
        approach=asked.approach,
        resolution=assignment["N"],
        assignment=dict(assignment),
        counts=counts,
        delta=Delta(**delta),
        coverage=coverage(built),
        receptive_field=receptive_field(built),
        architecture=built,
    )


def assert_as_plainly(asked: Problem) -> int:
    """Every figure and layer of the variants is that of the slow way; how many were looked at."""
    describer = Describer(asked)
    answer = solve(asked, Settings(limit=200))
    found = answer.assignments()
    for assignment, measures in zip(found, answer.table.rows(MEASURES), strict=True):
        expected = plainly(asked, assignment)
        assert describer.variant(assignment) == expected
        assert describer.variant(assignment).model_dump_json() == expected.model_dump_json()
        assert describer.bare_counts(assignment) == expected.counts
        of_table = dict(zip(MEASURES, measures, strict=True))
        assert of_table.pop("rows_read") / of_table.pop("rows") == expected.coverage
        assert of_table.pop("receptive_field") == expected.receptive_field
        assert of_table == expected.counts.model_dump()
    return len(found)


ENUMERATED = [name for name, approach in APPROACHES.items() if not approach.is_whole]
"""Approaches whose variants are listed; tests/solver/answers/test_whole.py holds those of V."""


@pytest.mark.slow
@pytest.mark.parametrize("count_pooling", [True, False])
@pytest.mark.parametrize("approach", ENUMERATED)
def test_variants_of_a_deep_network_are_derived_as_if_each_were_counted_as_a_whole(
    approach: str, count_pooling: bool
) -> None:
    ranges = {"resolution": (33, 70), "out_channels": (8, 20)}
    asked = problem(
        DEEP, approach=approach, tolerance=0.5, count_pooling=count_pooling, ranges=ranges
    )
    assert assert_as_plainly(asked) >= 24


@pytest.mark.slow
@settings(deadline=None, max_examples=25)
@given(st.data())
def test_variants_are_derived_as_if_each_were_counted_as_a_whole(data: st.DataObject) -> None:
    approach = data.draw(st.sampled_from(ENUMERATED))
    if approach == "IV":
        drawn = data.draw(two_convolutions())
        ranges = data.draw(small_ranges(drawn))
    else:
        drawn = data.draw(one_convolution())
        assume(APPROACHES[approach].misfit(drawn) is None)
        ranges = data.draw(ranges_of_one_convolution(drawn))
    assert_as_plainly(problem(drawn, approach=approach, tolerance=1.0, ranges=ranges))
