import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from app.shipped import example
from solver.answers.search import solve, tally
from solver.answers.table import AnswerTable
from solver.answers.variants import Answer
from solver.problem import SolveRequest
from solver.processes import child
from solver.processes.child import OUT_OF_MEMORY
from tests.solver.factories import problem, two_convs
from tests.solver.processes.children import ROOT, Started, endless, started, too_large

pytestmark = pytest.mark.slow  # starts processes

SEARCH = example("digits-search")


@pytest.fixture
def process() -> Iterator[Started]:
    with started() as one:
        yield one


def none_at_all() -> dict[str, Any]:
    return {**SEARCH, "ranges": {"out_channels": [200, 300]}}


class TestCount:
    @pytest.mark.parametrize("approach", ["I", "II", "III", "IV"])
    def test_it_is_how_many_solutions_are_found(self, approach: str) -> None:
        body = {**SEARCH, "approach": approach, "tolerance": 0.1}
        request = SolveRequest.model_validate(body)
        answer = solve(request.problem, request.settings)
        assert answer.found > 0
        assert tally(request.problem) == answer.found

    def test_it_is_nought_where_there_is_no_solution(self) -> None:
        assert tally(SolveRequest.model_validate(none_at_all()).problem) == 0

    def test_it_is_not_known_when_the_time_runs_out(self) -> None:
        assert tally(SolveRequest.model_validate(endless()).problem, time_limit=0.1) is None

    def test_sizes_that_are_too_large_are_refused(self) -> None:
        with pytest.raises(ValidationError, match="exceeds 2"):
            SolveRequest.model_validate(too_large())


def test_a_search_is_answered_with_its_table(process: Started) -> None:
    process.send("solve", SEARCH)
    head, content = process.answer()
    table = AnswerTable.from_bytes(head["columns"], content)
    assert len(content) == head["bytes"]
    answer = Answer.model_validate({**head["answer"], "table": table})
    request = SolveRequest.model_validate(SEARCH)
    assert answer.rows == solve(request.problem, request.settings).rows


def test_requests_are_answered_line_by_line_in_order(process: Started) -> None:
    first = problem(two_convs(), tolerance=0.1).model_dump(mode="json")
    for body in (SEARCH, too_large(), none_at_all(), first, {}):
        process.send("tally", body)
    process.send("solve", too_large())
    process.send("solve", none_at_all())
    assert process.answer()[0] == {"tallied": 1556}
    assert "exceeds 2^53 - 1" in process.answer()[0]["error"]
    assert process.answer()[0] == {"tallied": 0}
    tallied = tally(SolveRequest.model_validate(first).problem)
    assert process.answer()[0] == {"tallied": tallied}
    assert "SolveRequest" in process.answer()[0]["error"]
    assert "exceeds 2^53 - 1" in process.answer()[0]["error"]
    assert process.answer()[0]["answer"]["outcome"] == "infeasible"


def test_a_tally_that_takes_too_long_is_null_and_the_next_is_tallied(process: Started) -> None:
    process.send("tally", {**endless(), "time_limit": 0.1})
    process.send("tally", SEARCH)
    assert process.answer()[0] == {"tallied": None}
    assert process.answer()[0] == {"tallied": 1556}


@pytest.mark.parametrize("task", [None, "solve", "tally"])
def test_a_process_ends_when_its_input_closes_whatever_it_does(
    process: Started, task: str | None
) -> None:
    if task:
        process.send(task, endless())
    assert process.hang_up() == 0


@pytest.mark.parametrize("task", ["solve", "tally"])
def test_a_process_without_memory_says_so_and_can_be_ended(task: str) -> None:
    with started(memory_mb=1) as one:
        one.send(task, SEARCH)
        assert one.answer() == ({"error": OUT_OF_MEMORY}, b"")
        one.hang_up()


@pytest.mark.parametrize(("task", "function"), [("solve", "solve"), ("tally", "tally")])
def test_memory_that_runs_out_is_an_error_in_words(
    task: str, function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(child, function, exhausted)
    request = SolveRequest.model_validate(SEARCH).model_dump_json()
    assert child._answer(f"{task} {request}") == ({"error": OUT_OF_MEMORY}, b"")


@pytest.mark.parametrize("body", ["nonsense", "{}", '{"architecture": 3}'])
def test_a_line_that_is_no_request_is_an_error_in_words(body: str) -> None:
    assert "SolveRequest" in child._answer(f"solve {body}")[0]["error"]


@pytest.mark.parametrize(
    "module",
    [
        "solver.network.architecture",
        "solver.approaches",
        "solver.survey.feasibility",
        "solver.problem",
        "solver.answers.variants",
    ],
)
def test_what_the_api_imports_loads_no_ortools(module: str) -> None:
    program = f"import {module}, sys; print(*{{name.split('.')[0] for name in sys.modules}})"
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "solver" in loaded
    assert not {"ortools", "numpy", "pandas", "torch"} & set(loaded)
