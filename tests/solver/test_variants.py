import pytest

from solver.architecture import Architecture
from solver.counting import Delta, count, coverage
from solver.problem import Settings
from solver.search import solve
from solver.variants import Describer
from tests.solver.factories import FLATTEN, conv, linear, network, pool, problem

ASSIGNMENT = {"N": 8, "K1": 4, "C1": 6, "P1": 2, "S1": 3, "C2": 6, "P2": 2, "S2": 2}


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
        assert variant.architecture.input.resolution == 8


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
