import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

import examples
from solver.answers.search import solve
from solver.answers.table import Table
from solver.answers.variants import Answer
from solver.problem import SolveRequest
from solver.processes import solve_one
from solver.processes.protocol import OUT_OF_MEMORY
from tests.solver.processes.children import ROOT, Started, endless, kept, too_large


@pytest.fixture
def started() -> Iterator[Started]:
    one = Started("solver.processes.solve_one")
    yield from kept(one)


@pytest.fixture
def started_without_memory() -> Iterator[Started]:
    one = Started("solver.processes.solve_one", memory_mb=1)
    yield from kept(one)


@pytest.mark.slow
def test_a_child_answers_one_request_and_ends(started: Started) -> None:
    body = examples.load("digits-search")
    head, content = started.ask(body)
    table = Table.from_bytes(head["columns"], content)
    assert len(content) == head["bytes"]
    answer = Answer.model_validate({**head["answer"], "table": table})
    request = SolveRequest.model_validate(body)
    assert answer.rows == solve(request.problem, request.settings).rows


@pytest.mark.slow
def test_sizes_that_are_too_large_are_an_error_in_words(started: Started) -> None:
    assert "exceeds 2^53 - 1" in started.ask(too_large())[0]["error"]


@pytest.mark.slow
def test_a_child_ends_when_its_input_closes_before_a_request(started: Started) -> None:
    assert started.hang_up() == 0


def test_a_child_ends_when_its_input_closes_while_it_solves(started: Started) -> None:
    started.send(json.dumps(endless()))
    assert started.hang_up() == 1


@pytest.mark.slow
def test_a_child_without_memory_says_so(started_without_memory: Started) -> None:
    answer = started_without_memory.ask(examples.load("digits-search"))
    assert answer == ({"error": OUT_OF_MEMORY}, b"")


def test_memory_that_runs_out_in_a_search_is_an_error_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def exhausted(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(solve_one, "follow_the_input", lambda: None)
    monkeypatch.setattr(solve_one, "solve", exhausted)
    assert solve_one._answer(json.dumps(examples.load("digits-search"))) == (
        {"error": OUT_OF_MEMORY},
        b"",
    )


@pytest.mark.parametrize("line", ["nonsense", "{}", '{"architecture": 3}'])
def test_a_line_that_is_no_request_is_an_error_in_words(
    line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solve_one, "follow_the_input", lambda: None)
    assert "SolveRequest" in solve_one._answer(line)[0]["error"]


@pytest.mark.slow
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
