"""Variants are counted in a child process that nobody has to wait for."""

import asyncio
from typing import Any

import pytest

from app.services.counting import Counting
from app.services.stopping import Closing
from app.services.tallies import LATE, Tally
from app.services.turns import GIVEN_UP
from app.shipped import example
from solver.problem import Problem
from solver.processes.process import SolverFailedError, SolverProcess, SolverTimeoutError
from tests.app.services.processes import children

MEMORY_MB = 2_000


def problem(**changes: Any) -> Problem:
    document = example("digits-search")
    asked = {name: it for name, it in document.items() if name in Problem.model_fields}
    return Problem.model_validate({**asked, **changes})


async def never() -> None:
    await asyncio.Event().wait()


async def at_once() -> None:
    return


def test_the_number_is_that_of_the_search() -> None:
    found = asyncio.run(Counting(MEMORY_MB, 0, Closing()).tally(problem(), never))

    assert found == Tally(1556)


def test_a_process_is_killed_when_nobody_waits_for_it_any_more() -> None:
    before = children()

    found = asyncio.run(Counting(MEMORY_MB, 1, Closing()).tally(problem(), at_once))

    assert found == Tally(None, GIVEN_UP)
    assert children() <= before


def test_nothing_is_counted_once_the_server_is_to_stop() -> None:
    closing = Closing()
    closing.set()

    found = asyncio.run(Counting(MEMORY_MB, 1, closing).tally(problem(), never))

    assert found == Tally(None, GIVEN_UP)


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (SolverTimeoutError("no answer"), LATE),
        (SolverFailedError("out of memory"), "out of memory"),
    ],
)
def test_a_number_that_is_not_known_has_its_reason(
    monkeypatch: pytest.MonkeyPatch, failure: Exception, reason: str
) -> None:
    def tally(*_: object) -> int:
        raise failure

    monkeypatch.setattr(SolverProcess, "tally", tally)

    found = asyncio.run(Counting(MEMORY_MB, 1, Closing()).tally(problem(), never))

    assert found == Tally(None, reason)


def test_others_wait_for_their_turn() -> None:
    async def both() -> tuple[Tally, Tally]:
        one = Counting(MEMORY_MB, 1, Closing())
        return await asyncio.gather(one.tally(problem(), never), one.tally(problem(), never))

    assert [*asyncio.run(both())] == [Tally(1556), Tally(1556)]
