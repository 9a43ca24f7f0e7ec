import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import examples
from solver import child
from solver.problem import SolveRequest
from solver.search import solve
from solver.table import Table
from solver.variants import Answer
from tests.solver.factories import conv, network

ROOT = Path(__file__).parents[2]
OUT_OF_MEMORY = "the solver ran out of memory; narrow the ranges or lower the tolerance"


class Started:
    """A child process that is ready."""

    def __init__(self, memory_mb: int = 0) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "solver.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "ISOBUDGET_SOLVER_MEMORY_MB": str(memory_mb)},
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"ready\n"

    def send(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Send a request; return the last line that is answered, and what is behind it."""
        self.send(json.dumps(request))
        assert self.process.stdout is not None
        head: dict[str, Any] = {}
        while not {"answer", "error"} & {*head}:
            head = json.loads(self.process.stdout.readline())
        content = self.process.stdout.read()
        assert self.process.wait(timeout=60) == 0
        return head, content

    def hang_up(self) -> int:
        """Close its input; return how it ended."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(timeout=60)


@pytest.fixture
def started() -> Iterator[Started]:
    one = Started()
    yield from kept(one)


@pytest.fixture
def started_without_memory() -> Iterator[Started]:
    one = Started(memory_mb=1)
    yield from kept(one)


def kept(one: Started) -> Iterator[Started]:
    with one.process:
        yield one
        one.process.kill()


def too_large() -> dict[str, Any]:
    original = network(conv(10**6, 2000), conv(10**6, 2000), resolution=4000)
    return {"architecture": original.model_dump(), "approach": "IV", "budget": "params"}


def endless() -> dict[str, Any]:
    original = network(conv(64, 3, padding=1), conv(64, 3, padding=1), resolution=224, channels=3)
    return {
        "architecture": original.model_dump(),
        "approach": "IV",
        "budget": "params",
        "tolerance": 1.0,
        "limit": 1_000_000,
        "time_limit": 3600.0,
    }


def test_a_child_answers_one_request_and_ends(started: Started) -> None:
    body = examples.load("digits-search")
    head, content = started.ask(body)
    table = Table.from_bytes(head["columns"], content)
    assert len(content) == head["bytes"]
    answer = Answer.model_validate({**head["answer"], "table": table})
    request = SolveRequest.model_validate(body)
    assert answer.rows == solve(request.problem, request.settings).rows


def test_sizes_that_are_too_large_are_an_error_in_words(started: Started) -> None:
    assert "too large for 64 bits" in started.ask(too_large())[0]["error"]


def test_a_child_ends_when_its_input_closes_before_a_request(started: Started) -> None:
    assert started.hang_up() == 0


def test_a_child_ends_when_its_input_closes_while_it_solves(started: Started) -> None:
    started.send(json.dumps(endless()))
    assert started.hang_up() == 1


def test_a_child_without_memory_says_so(started_without_memory: Started) -> None:
    answer = started_without_memory.ask(examples.load("digits-search"))
    assert answer == ({"error": OUT_OF_MEMORY}, b"")


def test_memory_that_runs_out_in_a_search_is_an_error_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def exhausted(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(child, "_watch_the_parent", lambda: None)
    monkeypatch.setattr(child, "solve", exhausted)
    assert child._answer(json.dumps(examples.load("digits-search"))) == (
        {"error": OUT_OF_MEMORY},
        b"",
    )


@pytest.mark.parametrize("line", ["nonsense", "{}", '{"architecture": 3}'])
def test_a_line_that_is_no_request_is_an_error_in_words(
    line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "_watch_the_parent", lambda: None)
    assert "SolveRequest" in child._answer(line)[0]["error"]


@pytest.mark.parametrize(
    "module", ["solver.architecture", "solver.approaches", "solver.problem", "solver.variants"]
)
def test_what_the_api_imports_loads_no_ortools(module: str) -> None:
    program = f"import {module}, sys; print(*{{name.split('.')[0] for name in sys.modules}})"
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "solver" in loaded
    assert not {"ortools", "numpy", "pandas", "torch"} & set(loaded)
