import json
from collections.abc import Iterator
from typing import Any

import pytest

import examples
from solver.answers.search import count, solve
from solver.problem import SolveRequest
from solver.processes import count_many
from solver.processes.protocol import OUT_OF_MEMORY
from tests.solver.factories import problem, two_convs
from tests.solver.processes.children import Started, endless, kept, too_large

SEARCH = examples.load("digits-search")


@pytest.fixture
def started() -> Iterator[Started]:
    yield from kept(Started("solver.processes.count_many"))


@pytest.fixture
def started_without_memory() -> Iterator[Started]:
    yield from kept(Started("solver.processes.count_many", memory_mb=1))


def answer(one: Started) -> Any:
    assert one.process.stdout is not None
    return json.loads(one.process.stdout.readline())


def none_at_all() -> dict[str, Any]:
    return {**SEARCH, "ranges": {"out_channels": [200, 300]}}


class TestCount:
    @pytest.mark.parametrize("approach", ["I", "II", "III", "IV"])
    def test_it_is_how_many_solutions_are_found(self, approach: str) -> None:
        body = {**SEARCH, "approach": approach, "tolerance": 0.1}
        request = SolveRequest.model_validate(body)
        answer = solve(request.problem, request.settings)
        assert answer.found > 0
        assert count(request.problem) == answer.found

    def test_it_is_nought_where_there_is_no_solution(self) -> None:
        assert count(SolveRequest.model_validate(none_at_all()).problem) == 0

    def test_it_is_not_known_when_the_time_runs_out(self) -> None:
        assert count(SolveRequest.model_validate(endless()).problem, time_limit=0.1) is None

    def test_sizes_that_are_too_large_are_refused(self) -> None:
        with pytest.raises(OverflowError, match="exceeds 2"):
            count(SolveRequest.model_validate(too_large()).problem)


@pytest.mark.slow
def test_a_counter_answers_line_by_line_in_order(started: Started) -> None:
    first = problem(two_convs(), tolerance=0.1)
    for body in (SEARCH, too_large(), none_at_all(), first.model_dump(mode="json"), {}):
        started.send(json.dumps(body))
    assert answer(started) == {"found": 1556}
    assert "exceeds 2" in answer(started)["error"]
    assert answer(started) == {"found": 0}
    assert answer(started) == {"found": count(first)}
    assert "SolveRequest" in answer(started)["error"]


@pytest.mark.slow
def test_a_count_that_takes_too_long_is_null_and_the_next_is_counted(started: Started) -> None:
    started.send(json.dumps({**endless(), "time_limit": 0.1}))
    started.send(json.dumps(SEARCH))
    assert answer(started) == {"found": None}
    assert answer(started) == {"found": 1556}


@pytest.mark.slow
def test_a_counter_ends_when_its_input_closes(started: Started) -> None:
    started.hang_up()


@pytest.mark.slow
def test_a_counter_ends_when_its_input_closes_while_it_counts(started: Started) -> None:
    started.send(json.dumps(endless()))
    started.hang_up()


@pytest.mark.slow
def test_a_counter_without_memory_says_so_and_ends(started_without_memory: Started) -> None:
    started_without_memory.send(json.dumps(SEARCH))
    assert answer(started_without_memory) == {"error": OUT_OF_MEMORY}
    started_without_memory.process.wait(timeout=60)


def test_memory_that_runs_out_in_a_count_is_an_error_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def exhausted(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(count_many, "count", exhausted)
    assert count_many._answer(json.dumps(SEARCH)) == {"error": OUT_OF_MEMORY}
