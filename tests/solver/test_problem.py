from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from solver.network.schema import MAX_SIZE as MAX_RESOLUTION
from solver.problem import Ranges, Settings, SolveRequest
from solver.variation.tolerance import Tolerance
from solver.variation.unknown import MAX_GEOMETRY, MAX_WIDTH, Range
from tests.solver.factories import conv, network, problem, two_convs


def reasons(schema: type[Any], body: object) -> dict[str, str]:
    with pytest.raises(ValidationError) as caught:
        schema.model_validate(body)
    return {"/".join(map(str, e["loc"])): e["msg"] for e in caught.value.errors()}


@pytest.mark.parametrize(
    ("fraction", "target", "share"),
    [
        (0.29, 100, 29),  # int(0.29 * 100) is 28
        (0.57, 100, 57),  # 56.99999999999999
        (0.07, 100, 7),  # 7.000000000000001
        (0.001, 2**53 - 1, (2**53 - 1) // 1000),
        (0.1, 9_007_199_254_740_989, 900_719_925_474_098),
        (1e-07, 10**7, 1),
        (0.3, 10, 3),
        (0.3, 9, 2),
        (0.0, 9, 0),
        (1.0, 9, 9),
    ],
)
def test_a_band_is_that_of_the_fraction_as_written(
    fraction: float, target: int, share: int
) -> None:
    band = Tolerance(below=fraction, above=fraction).band(target)
    assert band == Range(target - share, target + share)


@given(st.decimals(0, 1, places=6), st.integers(1, 2**53))
def test_a_band_holds_exactly_the_counts_within_the_tolerance(fraction: Any, target: int) -> None:
    low, high = Tolerance(below=float(fraction), above=float(fraction)).band(target)
    exact = Fraction(fraction) * target
    assert target - low == high - target
    assert target - low <= exact < target - low + 1


def test_a_band_may_open_to_one_side() -> None:
    assert Tolerance(below=0.1).band(50) == Range(45, 50)
    assert Tolerance(above=0.1).band(50) == Range(50, 55)
    assert Tolerance().band(50) == Range(50, 50)


def test_a_number_is_a_symmetric_tolerance() -> None:
    assert Tolerance.model_validate(0.05) == Tolerance(below=0.05, above=0.05)
    assert Tolerance.model_validate(1) == Tolerance(below=1.0, above=1.0)


@pytest.mark.parametrize(
    "value",
    [-0.1, 1.1, float("nan"), float("inf"), "0.1", True, None, [0.1], {"below": "0.1"},
     {"above": True}, {"under": 0.1}],
)  # fmt: skip
def test_a_tolerance_is_a_fraction(value: object) -> None:
    assert reasons(Tolerance, value)


def test_ranges_that_are_left_out_take_section_4s_values() -> None:
    bounds = problem(two_convs(resolution=12)).bounds
    assert bounds == Ranges(
        resolution=Range(13, 24),
        kernel_size=Range(3, 8),
        stride=Range(1, 5),
        padding=Range(1, 5),
        dilation=Range(2, 4),
        pool_kernel_size=Range(2, 8),
        pool_stride=Range(1, 5),
        pool_padding=Range(0, 5),
    )


def test_a_range_that_is_given_stays_as_it_is() -> None:
    asked = {"padding": [0, 0], "resolution": [4, 6], "out_channels": [2, 9]}
    bounds = problem(two_convs(), ranges=asked).bounds
    assert bounds.padding == Range(0, 0)
    assert bounds.resolution == Range(4, 6)
    assert bounds.out_channels == Range(2, 9)
    assert bounds.stride == Range(1, 5)


def test_a_default_range_ends_with_what_an_architecture_may_have() -> None:
    assert Ranges().filled(MAX_RESOLUTION - 1).resolution == Range(MAX_RESOLUTION, MAX_RESOLUTION)
    largest = network(conv(1, 1), resolution=MAX_RESOLUTION)
    assert largest.resolution == MAX_RESOLUTION
    with pytest.raises(ValidationError):
        network(conv(1, 1), resolution=MAX_RESOLUTION + 1)


def test_every_senseless_range_is_listed_with_its_place() -> None:
    found = reasons(
        Ranges,
        {
            "kernel_size": [4, 3],
            "stride": [0, 2],
            "padding": [0, MAX_GEOMETRY + 1],
            "out_channels": [1, MAX_WIDTH + 1],
            "pool_padding": [0, 0],
        },
    )
    assert found == {
        "kernel_size": "the range 4..3 is empty; the lower bound comes first",
        "stride": "stride is at least 1",
        "padding": "padding is at most 4,096",
        "out_channels": "out_channels is at most 1,000,000",
    }
    assert Ranges(padding=Range(0, MAX_GEOMETRY), out_channels=Range(1, MAX_WIDTH))


@pytest.mark.parametrize("bounds", [[1], [1, 2, 3], [-1, 2], ["1", 2], [1.0, 2], [True, 2], 3, "x"])
def test_a_range_is_two_integers(bounds: object) -> None:
    assert reasons(Ranges, {"stride": bounds})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("limit", 0),
        ("limit", 1_000_001),
        ("limit", 2.0),
        ("time_limit", 0.05),
        ("time_limit", 3601),
        ("time_limit", "1"),
        ("time_limit", float("nan")),
        ("find", "some"),
        ("seed", 1),
    ],
)
def test_settings_out_of_bounds_are_refused_at_their_place(field: str, value: object) -> None:
    assert list(reasons(Settings, {field: value})) == [field]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("approach", "VI"),
        ("budget", "macs"),
        ("scope", "whole"),
        ("min_coverage", 1.5),
        ("min_coverage", "1"),
        ("colour", 1),
    ],
)
def test_a_question_in_other_words_is_refused_at_its_place(field: str, value: object) -> None:
    body = {"architecture": two_convs(), "approach": "IV", "budget": "params", field: value}
    assert list(reasons(SolveRequest, body)) == [field]


def test_a_request_splits_into_what_is_asked_and_how_long_to_try() -> None:
    request = SolveRequest.model_validate(
        {
            "architecture": two_convs(),
            "approach": "IV",
            "budget": "flops",
            "tolerance": 0.1,
            "limit": 7,
            "time_limit": 2,
        }
    )
    assert request.problem == problem(two_convs(), budget="flops", tolerance=0.1)
    assert request.settings == Settings(limit=7, time_limit=2.0)
