from collections import Counter
from typing import Any

import pytest

from solver.problem import Question, Sample
from solver.survey import feasibility
from solver.survey.feasibility import members, nearest, share, tightest
from solver.survey.grid import Grid
from tests.solver.factories import conv, network

ORIGINAL = network(conv(4, 3), conv(4, 3))
GRID = Grid(ORIGINAL, {"conv1.out_channels": (2, 4, 6), "conv2.kernel_size": (3, 6, 7)})
"""Kernels of 7 do not fit: conv2's input has 6 pixels a side."""
VALID = [0, 1, 3, 4, 6, 7]


def question(**asked: Any) -> Question:
    return Question.model_validate({"approach": "IV", "budget": "params", **asked})


class TestMembers:
    def test_all_that_are_valid_are_taken_in_the_order_of_the_grid(self) -> None:
        found = members(GRID, None)
        assert found.numbers == VALID
        assert found.looked_at == 9
        assert found.fault == "layers/1/kernel_size: kernel 7 does not fit its 6×6 input"

    def test_a_grid_without_invalid_networks_has_no_fault(self) -> None:
        assert members(Grid(ORIGINAL, {"resolution": (8, 9)}), None).fault is None

    def test_a_sample_has_valid_members_in_the_order_of_the_grid(self) -> None:
        found = members(GRID, Sample(sample=3, seed=1))
        assert len(found.numbers) == 3
        assert found.numbers == sorted(found.numbers)
        assert {*found.numbers} < {*VALID}
        assert 3 <= found.looked_at <= 9

    def test_the_same_seed_draws_the_same_members_and_another_others(self) -> None:
        drawn = [members(GRID, Sample(sample=3, seed=seed)).numbers for seed in range(9)]
        assert drawn == [members(GRID, Sample(sample=3, seed=seed)).numbers for seed in range(9)]
        assert len({*map(tuple, drawn)}) > 1

    def test_every_valid_member_is_drawn_equally_often(self) -> None:
        drawn = Counter(
            number
            for seed in range(600)
            for number in members(GRID, Sample(sample=2, seed=seed)).numbers
        )
        assert {*drawn} == {*VALID}
        assert all(150 < times < 250 for times in drawn.values())  # 200 each are expected

    def test_a_sample_larger_than_the_grid_is_the_whole_grid(self) -> None:
        assert members(GRID, Sample(sample=100)).numbers == VALID

    def test_drawing_ends_where_hardly_any_member_is_valid(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(feasibility, "MOST_MEMBERS", 50)
        grid = Grid(ORIGINAL, {"conv1.kernel_size": range(9, 2**40)})
        found = members(grid, Sample(sample=3))
        assert found.numbers == []
        assert found.looked_at == 50
        assert "does not fit" in (found.fault or "")


class TestShare:
    def test_it_is_the_originals_with_solutions_over_those_counted(self) -> None:
        asked = question(tolerance=0.1)
        found = share(asked, 7, [0, 3, None, 9, 0, 4])
        assert (found.approach, found.budget, found.tolerance) == ("IV", "params", asked.tolerance)
        assert (found.feasible, found.originals, found.share) == (3, 5, 0.6)
        assert (found.median, found.unknown, found.own) == (4, 1, 7)

    def test_the_median_of_two_lies_between_them(self) -> None:
        assert share(question(), 0, [3, 0, 8]).median == 5.5

    def test_without_solutions_there_is_no_median(self) -> None:
        found = share(question(), None, [0, 0])
        assert (found.share, found.median, found.own) == (0.0, None, None)

    def test_without_counts_there_is_no_share(self) -> None:
        found = share(question(), 0, [None])
        assert (found.share, found.originals, found.unknown) == (None, 0, 1)


class TestNearest:
    def test_the_first_with_solutions_are_named_with_what_to_change(self) -> None:
        counts = [(4, 0), (3, None), (1, 5), (0, 9), (7, 2)]
        found = nearest(question(), GRID, counts, most=2)
        assert [near.found for near in found.originals] == [5, 9]
        assert found.originals[0].changes == {
            "conv1.out_channels": (4, 2),
            "conv2.kernel_size": (3, 6),
        }
        assert found.originals[0].difference == 1.5
        assert found.originals[1].changes == {"conv1.out_channels": (4, 2)}
        assert found.originals[1].architecture == GRID.member(0)

    def test_there_may_be_none(self) -> None:
        assert nearest(question(), GRID, [(0, 0)], most=2).originals == []
        assert nearest(question(), GRID, [(0, 5)], most=0).originals == []


def test_the_least_tolerance_is_that_of_the_narrowest_band() -> None:
    asked = [
        question(tolerance=0.1),
        question(tolerance={"below": 0.05}),
        question(budget="flops", tolerance=0.1),
        question(tolerance=0.04),
    ]
    assert list(tightest(asked)) == [1, 2]
