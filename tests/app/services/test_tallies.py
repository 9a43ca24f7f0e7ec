"""Tallies of processes beside one another; the processes are pretended but for two tests."""

from collections.abc import Callable, Iterator
from typing import ClassVar

import pytest

from app.services import tallies
from app.services.tallies import Tallies, Tally
from app.shipped import example
from solver.problem import SolveRequest
from solver.processes.process import (
    SolverFailedError,
    SolverProcess,
    SolverRefusedError,
    SolverStartError,
    SolverTimeoutError,
)
from tests.solver.processes.children import endless

pytestmark = pytest.mark.slow  # starts processes

SEARCH = example("digits-search")


def request(limit: int = 1) -> SolveRequest:
    """A request that pretended processes tell from others by its limit."""
    return SolveRequest.model_validate({**SEARCH, "limit": limit})


class Pretended(SolverProcess):
    """Tallies to the limit; raises what is planned for a limit."""

    made: ClassVar[list["Pretended"]] = []
    planned: ClassVar[dict[int, Exception]] = {}

    def __init__(self, memory_mb: int) -> None:
        self.is_killed = False
        self.made.append(self)

    def tally(self, request: SolveRequest, look: Callable[[int], None] = lambda _: None) -> int:
        if request.settings.limit in self.planned:
            raise self.planned[request.settings.limit]
        return request.settings.limit

    def kill(self) -> None:
        self.is_killed = True


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Pretended]]:
    monkeypatch.setattr(tallies, "SolverProcess", Pretended)
    yield Pretended
    assert all(process.is_killed for process in Pretended.made)
    Pretended.made.clear()
    Pretended.planned.clear()


def tallied(processes: int = 2, most: int = 9) -> dict[int, Tally]:
    with Tallies(map(request, range(1, most + 1)), processes, 512) as found:
        return dict(found)


@pytest.mark.usefixtures("pretended")
@pytest.mark.parametrize("processes", [1, 2, 20])
def test_every_request_is_tallied_once_under_its_place(processes: int) -> None:
    assert tallied(processes) == {place: Tally(place + 1) for place in range(9)}


def test_a_request_that_is_refused_has_a_reason_instead(pretended: type[Pretended]) -> None:
    pretended.planned[3] = SolverRefusedError("too large")
    assert tallied(processes=1)[2] == Tally(None, "too large")
    assert len(pretended.made) == 1


@pytest.mark.parametrize(
    ("error", "tally"),
    [
        (SolverFailedError("it died"), Tally(None, "it died")),
        (SolverTimeoutError("it was killed"), Tally(None)),
    ],
)
@pytest.mark.parametrize("place", [3, 9])
def test_a_process_that_fails_is_replaced_if_there_is_more_to_do(
    pretended: type[Pretended], error: Exception, tally: Tally, place: int
) -> None:
    pretended.planned[place] = error
    found = tallied(processes=1)
    assert found[place - 1] == tally
    assert tally.is_late == isinstance(error, SolverTimeoutError)
    assert [tally.number for tally in found.values()].count(None) == 1
    assert len(found) == 9
    assert len(pretended.made) == (2 if place < 9 else 1)


def test_where_no_process_starts_there_is_no_answer(pretended: type[Pretended]) -> None:
    pretended.planned[1] = SolverStartError("no room")
    with pytest.raises(SolverStartError, match="no room"):
        tallied()


@pytest.mark.usefixtures("pretended")
def test_what_goes_wrong_with_the_requests_is_raised() -> None:
    def broken() -> Iterator[SolveRequest]:
        yield request()
        raise ValueError("no more")

    with Tallies(broken(), 2, 512) as found, pytest.raises(ValueError, match="no more"):
        list(found)


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> list[SolverProcess]:
    """The processes that are started."""
    started: list[SolverProcess] = []

    class Noted(SolverProcess):
        def __init__(self, memory_mb: int) -> None:
            super().__init__(memory_mb)
            started.append(self)

    monkeypatch.setattr(tallies, "SolverProcess", Noted)
    return started


def have_ended(processes: list[SolverProcess]) -> bool:
    return all(process._process.poll() is not None for process in processes)


def test_processes_tally_and_end_with_the_block(noted: list[SolverProcess]) -> None:
    requests = [request(), SolveRequest.model_validate({**endless(), "time_limit": 0.1})]
    with Tallies(requests, 2, 1024) as found:
        assert dict(found) == {0: Tally(1556), 1: Tally(None)}
    assert noted
    assert have_ended(noted)


def test_leaving_the_block_does_not_wait_for_a_tally(noted: list[SolverProcess]) -> None:
    requests = [request(), SolveRequest.model_validate(endless())]
    with Tallies(requests, 1, 1024) as found:
        assert next(iter(found)) == (0, Tally(1556))
    assert len(noted) == 1
    assert have_ended(noted)
