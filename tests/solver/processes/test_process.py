import os
import signal
from typing import Any

import pytest

from solver.network.architecture import Architecture
from solver.problem import Problem, Question, Settings, SolveRequest
from solver.processes import process
from solver.processes.process import (
    SolverCancelledError,
    SolverFailedError,
    SolverProcess,
    SolverRefusedError,
    SolverStartError,
    SolverTimeoutError,
)
from tests.factories import search_body
from tests.solver.processes.children import endless, too_large

pytestmark = pytest.mark.slow  # starts processes

REQUEST = SolveRequest.model_validate(search_body())


def unchecked(body: dict[str, Any]) -> SolveRequest:
    """A request that only the process looks at."""
    question = {name: body[name] for name in ("approach", "budget", "ranges")}
    architecture = Architecture.model_validate(body["architecture"])
    problem = Problem.of(Question.model_validate(question), architecture)
    return SolveRequest.of(problem, Settings())


def cancel(_: int) -> None:
    raise SolverCancelledError


def test_a_search_is_cancelled_while_its_process_still_starts() -> None:
    with SolverProcess(memory_mb=1024) as one:
        os.kill(one._process.pid, signal.SIGSTOP)  # so that it is never ready
        with pytest.raises(SolverCancelledError):
            one.solve(REQUEST, cancel)

    assert one._process.returncode == -signal.SIGKILL


def test_a_search_is_cancelled_while_it_is_solved() -> None:
    with SolverProcess(memory_mb=1024) as one:
        one.wait_until_ready()
        with pytest.raises(SolverCancelledError):
            one.solve(SolveRequest.model_validate(endless()), cancel)

    assert one._process.returncode == -signal.SIGKILL


def test_one_process_answers_one_request_after_the_other() -> None:
    with SolverProcess(memory_mb=1024) as one:
        assert one.tally(REQUEST) == 1556
        assert one.solve(REQUEST).found == 1556
        assert one.solve(REQUEST).found == 1556


def test_a_process_that_refused_a_request_can_be_asked_on() -> None:
    with SolverProcess(memory_mb=1024) as one:
        for ask in (one.solve, one.tally):
            with pytest.raises(SolverRefusedError, match="exceeds 2"):
                ask(unchecked(too_large()))
        assert one.tally(REQUEST) == 1556


def test_a_process_that_does_not_keep_its_time_limit_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "GRACE_SECONDS", -30.0)
    with SolverProcess(memory_mb=1024) as one:
        one.wait_until_ready()
        os.kill(one._process.pid, signal.SIGSTOP)
        with pytest.raises(SolverTimeoutError):
            one.solve(REQUEST)


def test_a_process_that_dies_while_it_solves_is_an_error_in_words() -> None:
    with SolverProcess(memory_mb=1024) as one:
        one.wait_until_ready()

        def kill(_: int) -> None:
            one._process.kill()

        with pytest.raises(SolverFailedError, match="the solver process ended"):
            one.solve(SolveRequest.model_validate(endless()), kill)


def test_a_process_that_has_died_is_an_error_in_words() -> None:
    with SolverProcess(memory_mb=1024) as one:
        one.wait_until_ready()
        one._process.kill()
        one._process.wait()
        with pytest.raises(SolverFailedError, match="the solver process ended"):
            one.tally(REQUEST)


def test_a_process_that_cannot_start_is_an_error_in_words() -> None:
    with (
        SolverProcess(memory_mb=1) as one,
        pytest.raises((SolverStartError, SolverRefusedError), match=r"did not start|out of memory"),
    ):
        one.tally(REQUEST)
