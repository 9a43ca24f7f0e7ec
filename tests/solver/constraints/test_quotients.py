import pytest

from solver.constraints.quotients import Quotient, listed, verdict
from solver.variation.unknown import Range


def quotient(target: int, weight: int, rest: int = 0, off: int = 0, where: str = "") -> Quotient:
    return Quotient(Range(target - off, target + off), target, rest, weight, where)


@pytest.mark.parametrize(
    ("it", "text"),
    [
        (quotient(972, 75, where="C1' = 5"), "972/75 = 12.96 with C1' = 5"),
        (quotient(2_972, 144, 1_100), "(2,972 − 1,100)/144 = 13"),
        (quotient(66, 104, 90), "(66 − 90)/104 = −0.23"),
        (quotient(0, 4, 80), "(0 − 80)/4 = −20"),
        (quotient(1_000_001, 10), "1,000,001/10 = 100,000.10"),
        (quotient(12_999, 1_000), "12,999/1,000 = 12.999"),
        (quotient(10**12 + 1, 10**9), "1,000,000,000,001/1,000,000,000 = 1,000.000000001"),
    ],
)
def test_a_quotient_that_is_not_whole_does_not_look_whole(it: Quotient, text: str) -> None:
    assert str(it) == text


def test_the_nearest_to_a_width_come_first_and_none_is_below_one() -> None:
    found = [quotient(10, weight) for weight in (3, 4, 100, 1_000, 11)]
    assert listed(found[:3]) == "10/3 = 3.33; 10/4 = 2.50; 10/100 = 0.10"
    assert listed(found[:4]) == "10/3 = 3.33; 10/4 = 2.50; 10/100 = 0.10; or another"
    assert listed(found) == "10/11 = 0.91; 10/3 = 3.33; 10/4 = 2.50; or one of 2 others"


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ([quotient(10, 3)], "it is not whole"),
        ([quotient(10, 3), quotient(10, 4)], "none is whole"),
        ([quotient(10, 5)], "all else rules it out"),
        ([quotient(10, 3), quotient(10, 5)], "all else rules out those that would do"),
        ([quotient(10, 3, off=1)], "all else rules it out"),  # 9 = 3 · 3
        ([quotient(10, 6, off=1)], "it is not near enough to a whole number, for 9..11"),
        ([quotient(10, 6, off=2)], "all else rules it out"),  # 12 = 2 · 6
        ([quotient(10, 6, 8, off=2)], "it is not near enough to a whole number, for 8..12"),
    ],
)
def test_what_is_whole_or_near_enough_must_be_ruled_out_by_something_else(
    found: list[Quotient], text: str
) -> None:
    assert verdict(found) == text
