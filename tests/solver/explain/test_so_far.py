"""What is told of approach V where time ran out: what is proved, likely, and nearest."""

import math
from typing import Any, Final

import pytest

from solver.answers.search import solve
from solver.engines.whole.engine import Whole, WholeAnswer
from solver.explain.so_far import FOUND_LATE, known_so_far
from solver.network.counting import count
from solver.problem import Settings, SolveRequest
from solver.processes.process import GRACE_SECONDS
from tests.solver.engines.whole.documented import MACS, ORIGINAL, PARAMS

PATIENCE: Final = 20.0


def asked(low: int, high: int, **changes: Any) -> SolveRequest:
    wanted = {"approach": "V", "budget": "both", "count": "macs", **changes}
    sides = {"resolution": [low, high]}
    return SolveRequest.model_validate({"architecture": ORIGINAL, "ranges": sides, **wanted})


@pytest.mark.slow
def test_resolutions_that_are_ruled_out_are_told_and_the_lowest_open_one_is_looked_at() -> None:
    found = known_so_far(asked(20, 32, widths={"ratio": [0.25, 4]}).problem, PATIENCE)
    assert found.blocking == []
    below, above, *others = found.reasons
    assert below == "No resolution asked for below 22 px has an answer."
    assert above == "No resolution asked for above 31 px has an answer."
    assert any("answers are to be expected: " in it for it in others)
    assert found.nearest is not None
    assert found.nearest.resolution == 22


def test_an_answer_that_is_met_only_now_is_told() -> None:
    found = known_so_far(asked(18, 18).problem, PATIENCE)
    assert found.reasons == [FOUND_LATE]
    assert found.tolerance is None
    assert found.nearest is not None
    assert (found.nearest.delta.params, found.nearest.delta.macs) == (0, 0)


@pytest.mark.slow
def test_too_few_expected_answers_are_told_as_probably_none() -> None:
    found = known_so_far(asked(19, 19).problem, PATIENCE)
    assert any("The width of conv1 must be 4 or 9" in it for it in found.reasons)
    assert any(it.endswith("probably there is none.") for it in found.reasons)
    assert found.tolerance is not None
    wider = asked(19, 19, tolerance=found.tolerance)
    assert solve(wider.problem, Settings()).rows


def test_within_a_tolerance_no_number_of_answers_is_expected() -> None:
    found = known_so_far(asked(19, 19, tolerance=0.002).problem, PATIENCE)
    assert found.reasons[0] == (
        "At 19 px no answer was found, and the relaxation does not rule one out."
    )


def test_what_is_ruled_out_after_all_is_explained() -> None:
    found = known_so_far(asked(20, 20).problem, PATIENCE)
    assert found.blocking == ["equal params", "equal macs"]
    assert "At 20 px every MAC count is a multiple of 5; 83,856 is not." in found.reasons


def test_a_search_that_ran_out_of_time_tells_its_bound_and_the_nearest_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nothing = WholeAnswer([], bound=1.25)
    monkeypatch.setattr(Whole, "answer", lambda _self, _tell: nothing)
    request = asked(19, 19)
    answer = solve(request.problem, request.settings)
    assert answer.outcome == "timed_out"
    assert answer.solver.bound == 1.25
    assert answer.explanation is not None
    assert answer.explanation.nearest is not None
    counted = count(answer.explanation.nearest.architecture)
    shares = abs(counted.params / PARAMS - 1), abs(counted.macs / MACS - 1)
    assert answer.explanation.tolerance == pytest.approx(max(shares), rel=0.01)


def test_an_explanation_ends_before_the_process_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    given = list[float]()
    monkeypatch.setattr(Whole, "answer", lambda _self, _tell: WholeAnswer([]))
    monkeypatch.setattr(
        "solver.explain.so_far.known_so_far", lambda _problem, seconds: given.append(seconds)
    )
    request = asked(19, 19, time_limit=0.1)
    solve(request.problem, request.settings)
    assert 0 < math.fsum(given) < 0.1 + GRACE_SECONDS
