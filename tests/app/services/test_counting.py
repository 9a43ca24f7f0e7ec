"""Counting in processes beside one another; the processes are pretended but for one test."""

from collections.abc import Iterator
from typing import ClassVar

import pytest

import examples
from app.services import counting
from app.services.counter import Counter, RefusedByCounterError
from app.services.counting import Count, Counters
from app.services.process import SolverFailedError, SolverStartError, SolverTimeoutError
from solver.problem import SolveRequest
from tests.solver.processes.children import endless

SEARCH = examples.load("digits-search")


def request(limit: int = 1) -> SolveRequest:
    """A request that pretended counters tell from others by its limit."""
    return SolveRequest.model_validate({**SEARCH, "limit": limit})


class Pretended:
    """Counts to the limit; raises what is planned for a limit."""

    made: ClassVar[list["Pretended"]] = []
    planned: ClassVar[dict[int, Exception]] = {}

    def __init__(self, memory_mb: int) -> None:
        self.is_killed = False
        self.made.append(self)

    def count(self, request: SolveRequest) -> int:
        if request.limit in self.planned:
            raise self.planned[request.limit]
        return request.limit

    def interrupt(self) -> None:
        self.is_killed = True

    kill = interrupt


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Pretended]]:
    monkeypatch.setattr(counting, "Counter", Pretended)
    yield Pretended
    assert all(counter.is_killed for counter in Pretended.made)
    Pretended.made.clear()
    Pretended.planned.clear()


def counted(processes: int = 2, most: int = 9) -> dict[int, Count]:
    with Counters(processes, 512) as counters:
        return dict(counters.count(request(limit) for limit in range(1, most + 1)))


@pytest.mark.usefixtures("pretended")
@pytest.mark.parametrize("processes", [1, 2, 20])
def test_every_request_is_counted_once_under_its_place(processes: int) -> None:
    assert counted(processes) == {place: Count(place + 1) for place in range(9)}


def test_a_request_that_is_refused_has_a_reason_instead(pretended: type[Pretended]) -> None:
    pretended.planned[3] = RefusedByCounterError("too large")
    assert counted()[2] == Count(None, "too large")
    assert len(pretended.made) == 2


@pytest.mark.parametrize(
    ("error", "count"),
    [
        (SolverFailedError("it died"), Count(None, "it died")),
        (SolverTimeoutError("it was killed"), Count(None)),
    ],
)
def test_a_process_that_fails_is_replaced(
    pretended: type[Pretended], error: Exception, count: Count
) -> None:
    pretended.planned[3] = error
    found = counted(processes=1)
    assert found[2] == count
    assert count.is_late == isinstance(error, SolverTimeoutError)
    assert found[8] == Count(9)
    assert len(pretended.made) == 2


def test_where_no_process_starts_there_is_no_answer(pretended: type[Pretended]) -> None:
    pretended.planned[1] = SolverStartError("no room")
    with pytest.raises(SolverStartError, match="no room"):
        counted()


@pytest.mark.usefixtures("pretended")
def test_what_goes_wrong_with_the_requests_is_raised() -> None:
    def broken() -> Iterator[SolveRequest]:
        yield request()
        raise ValueError("no more")

    with Counters(2, 512) as counters, pytest.raises(ValueError, match="no more"):
        list(counters.count(broken()))


@pytest.mark.slow
def test_processes_count_and_end_with_the_block() -> None:
    requests = [request(), SolveRequest.model_validate({**endless(), "time_limit": 0.1})]
    with Counters(2, 1024) as counters:
        assert dict(counters.count(requests)) == {0: Count(1556), 1: Count(None)}
        running = [counter._process for counter in counters._counters]
        assert [process.poll() for process in running] == [None, None]
    assert all(process.poll() is not None for process in running)


def test_leaving_the_block_does_not_wait_for_a_count() -> None:
    requests = [request(), SolveRequest.model_validate(endless())]
    with Counters(1, 1024) as counters:
        assert next(counters.count(requests)) == (0, Count(1556))
    assert counters._counters[0]._process.poll() is not None


def test_a_process_that_dies_while_it_counts_is_an_error_in_words() -> None:
    counter = Counter(1024)
    counter._ready.wait()
    counter.interrupt()
    with pytest.raises(SolverFailedError, match="the solver process ended"):
        counter.count(request())
    counter.kill()


def test_a_process_that_cannot_start_is_an_error_in_words() -> None:
    counter = Counter(1)
    with pytest.raises(SolverFailedError, match=r"did not start|out of memory"):
        counter.count(request())
    counter.kill()
