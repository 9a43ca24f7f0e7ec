from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.answers.search import solve
from solver.answers.variants import Explanation
from solver.constraints.base import Constraint
from solver.engines.full.model import UNKNOWN, Model, Optimum
from solver.explain import blocking
from solver.explain.inquiry import Inquiry, Minimand
from solver.explain.remedy import Remedies
from solver.network.architecture import Architecture
from solver.problem import Settings
from tests import exhaustive
from tests.solver.explain.factories import KEPT, assert_nearest, explained
from tests.solver.factories import (
    FLATTEN,
    PATIENCE,
    conv,
    linear,
    network,
    pool,
    problem,
    questions_of_two,
    two_convs,
)

KERNEL, SAME_MAP = "larger kernel (C1' > C1)", "same map after conv2"


def test_the_kept_ranges_have_a_solution_to_begin_with() -> None:
    assert solve(problem(two_convs(), tolerance=0.5, ranges=KEPT), Settings()).outcome == "complete"


def test_an_exact_budget_may_be_all_that_blocks() -> None:
    found = explained(two_convs(), ranges=KEPT)
    assert found.blocking == ["equal params"]
    assert found.nearest is not None
    assert found.nearest.assignment == {
        "N": 9, "K1": 4, "C1": 4, "P1": 0, "S1": 1, "C2": 4, "P2": 0, "S2": 1,
    }  # fmt: skip
    assert found.nearest.delta.params == 4 * (16 - 9)


@pytest.mark.parametrize(
    ("original", "ranges", "blocking"),
    [
        (two_convs(), {"kernel_size": [3, 3]}, ["ranges.kernel_size"]),
        (two_convs(), {"stride": [5, 5]}, ["ranges.stride"]),
        (
            two_convs(),
            {"resolution": [10, 10]},
            ["ranges.resolution", "ranges.kernel_size", SAME_MAP],
        ),
        (two_convs(), {"out_channels": [100, 100]}, ["ranges.out_channels", "equal params"]),
        (
            network(conv(4, 3, padding=1), conv(4, 4)),
            {},
            ["ranges.resolution", "ranges.kernel_size", "ranges.padding", SAME_MAP],
        ),
        (
            network(conv(4, 3), conv(8, 4, groups=2)),
            {"out_channels": [3, 3]},
            ["ranges.out_channels", "2 groups divide K1'"],
        ),
        (
            network(conv(4, 4), conv(4, 3)),
            {"resolution": [8, 8], "kernel_size": [3, 4]},
            ["ranges.kernel_size", KERNEL],
        ),
    ],
)
def test_each_requirement_that_alone_is_in_the_way_is_named(
    original: Architecture, ranges: dict[str, list[int]], blocking: list[str]
) -> None:
    found = explained(original, tolerance=0.5, ranges={**KEPT, **ranges})
    assert found.blocking == blocking


@pytest.mark.slow
def test_coverage_blocks_and_so_do_the_ranges_that_it_reads() -> None:
    ranges = {**KEPT, "resolution": [9, 40], "stride": [5, 5], "padding": [0, 3]}
    found = explained(two_convs(), tolerance=1.0, min_coverage=1.0, ranges=ranges)
    assert found.blocking == ["ranges.kernel_size", "ranges.stride", "min_coverage"]


def test_either_of_two_budgets_may_be_named() -> None:
    found = explained(two_convs(), budget="both", tolerance=0.1, ranges=KEPT)
    assert found.blocking == ["equal params", "equal flops"]
    assert found.nearest is not None
    assert found.nearest.assignment["K1"] == 3  # 52 / 292 + 144 / 3600; with 4: 28 / 292 + 28 %


def test_where_nothing_alone_is_in_the_way_requirements_that_exclude_one_another_are_named() -> (
    None
):
    ranges = {**KEPT, "kernel_size": [3, 3]}
    found = explained(two_convs(), tolerance=0.0, ranges=ranges)
    assert found.blocking == ["ranges.kernel_size", "equal params"]
    assert found.nearest is None


def test_the_nearest_network_may_be_far_beyond_the_budget() -> None:
    ranges = {"kernel_size": [8, 8]}
    found = explained(network(conv(1, 3), conv(1, 3)), ranges=ranges)
    assert found.blocking == ["equal params"]
    assert found.nearest is not None
    assert found.nearest.counts.params == 64 + 64
    assert found.nearest.delta.params == 128 - 18


def test_shares_of_two_counts_weigh_alike() -> None:
    """207 parameters and 1,241 FLOPs: were a parameter worth five FLOPs, another would win."""
    asked = exhaustive.Asked(
        network(conv(9, 2), conv(2, 3), pool(2), FLATTEN, linear(3), resolution=5),
        budget="both",
        ranges={
            "resolution": (6, 7),
            "kernel_size": (2, 4),
            "stride": (1, 1),
            "padding": (0, 1),
            "out_channels": (1, 12),
        },
    )
    assert exhaustive.sides_of_the_budget(asked) == [207, 1241]
    assert_nearest(asked)


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(st.data())
def test_the_nearest_network_is_the_nearest_there_is(data: st.DataObject) -> None:
    asked = data.draw(questions_of_two())
    exact = exhaustive.Asked(**{**vars(asked), "below": "0", "above": "0"})
    assert_nearest(exact)


def test_a_network_whose_counts_cannot_be_shown_is_left_out() -> None:
    """3 pixels behind kernels that add up to 4,095; a million filters: 10^18 FLOPs."""
    ranges = {
        "resolution": [4096, 4096], "kernel_size": [60, 4096], "stride": [1, 1], "padding": [0, 0],
        "out_channels": [10**6, 10**6],
    }  # fmt: skip
    found = explained(two_convs(), ranges=ranges)
    assert found.blocking == ["equal params"]
    assert (found.nearest, found.above) == (None, None)


def test_an_explanation_without_time_names_nothing_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Model, "find", lambda *_: UNKNOWN)
    found = blocking.explain(problem(two_convs(), ranges=KEPT))
    assert found == Explanation(blocking=[], nearest=None)


def test_no_seconds_explain_nothing() -> None:
    found = blocking.explain(problem(two_convs(), ranges=KEPT), 0.0)
    assert found == Explanation(blocking=[], nearest=None)


class TestWhatTimedOut:
    """Questions without an answer, as a model that runs out of time leaves them."""

    def test_proves_nothing_about_other_requirements(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.leave_out(monkeypatch, lambda names, _: "larger kernel (C1' > C1)" not in names)
        ranges = {**KEPT, "resolution": [8, 8], "kernel_size": [3, 4]}
        original = network(conv(4, 4), conv(4, 3))
        found = explained(original, tolerance=0.5, ranges=ranges)
        assert found.blocking == ["ranges.kernel_size"]

    def test_makes_no_conflict(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Were it taken for a proof, requirements that are needed for the conflict would go."""
        ranges = {**KEPT, "kernel_size": [3, 3]}
        assert explained(two_convs(), ranges=ranges).blocking == [
            "ranges.kernel_size", "equal params",
        ]  # fmt: skip
        self.leave_out(monkeypatch, lambda names, _: len(names) < 9)
        monkeypatch.setattr(Remedies, "find", lambda _: (None, False))
        found = explained(two_convs(), ranges=ranges)
        assert found.blocking == []

    def test_is_no_reason(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.leave_out(monkeypatch, lambda _, objective: objective is not None)
        found = explained(two_convs(), ranges=KEPT)
        assert found == Explanation(blocking=["equal params"], nearest=None)

    def test_is_not_the_nearest_though_it_may_be_near(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def ask(self: Inquiry, *asked: Any, **more: Any) -> Optimum:
            return right(self, *asked, **more)._replace(is_proved=False)

        right = Inquiry.ask
        monkeypatch.setattr(Inquiry, "ask", ask)
        found = explained(two_convs(), ranges=KEPT)
        assert found == Explanation(blocking=["equal params"], nearest=None)

    def leave_out(self, monkeypatch: pytest.MonkeyPatch, is_too_long: Any) -> None:
        def ask(
            self: Inquiry,
            constraints: Sequence[Constraint],
            of: int,
            objective: Minimand | None = None,
        ) -> Optimum:
            names = {item.name for item in constraints}
            if is_too_long(names, objective):
                return UNKNOWN
            return right(self, constraints, of, objective)

        right = Inquiry.ask
        monkeypatch.setattr(Inquiry, "ask", ask)


def test_where_a_table_of_coverage_would_be_too_large_the_rest_is_explained() -> None:
    """4,088 · 297 · 21 · 1 combinations; 292 = 1·(6² + 4·8²), and some rows are always read."""
    ranges = {
        **KEPT, "resolution": [9, 4096], "kernel_size": [4, 300], "padding": [0, 20],
        "out_channels": [100, 100],
    }  # fmt: skip
    found = blocking.explain(problem(two_convs(), min_coverage=0.001, ranges=ranges), PATIENCE)
    assert found.blocking == ["ranges.out_channels", "equal params"]
    assert found.nearest is not None


def test_explanations_that_were_stored_before_there_were_reasons_can_be_read() -> None:
    stored = {"blocking": ["equal params"], "nearest": None}
    found = Explanation.model_validate(stored)
    assert (found.reasons, found.below, found.above, found.tolerance) == ([], None, None, None)
