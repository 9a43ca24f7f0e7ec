"""What takes more than one call: trying again, paging, waiting, following."""

import logging
import math
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final, NamedTuple, Protocol, TypeVar

import httpx2
from pydantic import BaseModel, ValidationError

from app.client import calls
from app.client.calls import Call
from app.client.connecting import origin
from app.client.errors import (
    ConnectionFailedError,
    EventsUnavailableError,
    IsobudgetError,
    NotFoundError,
    ServerError,
    UnexpectedAnswerError,
    WaitTimeoutError,
    problem,
)
from app.client.patience import (
    LONGEST_ASKED,
    PASSING,
    Patience,
    asked_pause,
    can_repeat,
    endless,
    pause_before,
)
from app.client.wires import Wire
from app.schemas.events import (
    EndEvent,
    EpochEvent,
    RunEvent,
    SearchEndEvent,
    SearchProgressEvent,
    StudyProgressEvent,
)
from app.schemas.jobs import ProgressView, RunView
from app.states import FINAL, State

logger = logging.getLogger(__name__)

READY_LOOK: Final = 0.1
FIRST_LOOK: Final = 0.1
LONGEST_LOOK: Final = 2.0
"""The time between two looks at something that is waited for, where the service names none."""
SILENT_STREAMS: Final = 3
"""After so many streams in a row without an event, events are taken not to get through."""
NO_EVENTS: Final = frozenset({405, 406, 501})
"""Statuses of an address that has no events."""

JobEvent = EpochEvent | RunEvent | ProgressView | EndEvent
JOB_EVENTS: Final[Mapping[str, type[JobEvent]]] = {
    "epoch": EpochEvent,
    "run": RunEvent,
    "progress": ProgressView,
    "end": EndEvent,
}
SearchEvent = SearchProgressEvent | SearchEndEvent
SEARCH_EVENTS: Final[Mapping[str, type[SearchEvent]]] = {
    "progress": SearchProgressEvent,
    "end": SearchEndEvent,
}
StudyEvent = StudyProgressEvent | EndEvent
STUDY_EVENTS: Final[Mapping[str, type[StudyEvent]]] = {
    "progress": StudyProgressEvent,
    "end": EndEvent,
}

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
E = TypeVar("E", bound=BaseModel)


class Stateful(Protocol):
    """What can be waited for."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def state(self) -> State:
        """Its state."""


class Page(Protocol[T_co]):
    """A part of a list."""

    @property
    def items(self) -> Sequence[T_co]:
        """Some of the items."""

    @property
    def next(self) -> str | None:
        """The cursor of the next page, if there is one."""


V = TypeVar("V", bound=Stateful)


class Answered(NamedTuple):
    """An answer that is no error, and the seconds after which the service asks to come again."""

    response: httpx2.Response
    retry_after: float | None


class Flows:
    """The client's calls over one wire.

    Parameters
    ----------
    retries
        How often a call is tried again if the service does not answer, or says that it cannot now.
    """

    def __init__(self, wire: Wire, retries: int) -> None:
        self._wire = wire
        self._patience = Patience(retries)

    async def ask(self, call: Call[T]) -> T:
        """Make a call. Returns what the answer says.

        Raises
        ------
        ProblemError
            The service refused it, or failed.
        ConnectionFailedError
            The service does not answer.
        UnexpectedAnswerError
            The answer cannot be read.
        """
        return _read(call, (await self._answered(call, self._patience)).response)

    async def _answered(self, call: Call[Any], patience: Patience) -> Answered:
        """Send a call, again where that is safe, until there is an answer that is no error."""
        tried = 0
        while True:
            failed: httpx2.Response | httpx2.TransportError
            asked = None
            try:
                failed = await self._wire.send(call)
                asked = asked_pause(failed)
                if not failed.is_error:
                    return Answered(failed, asked)
            except httpx2.TransportError as lost:
                failed = lost
            pause = pause_before(tried, asked)
            if not can_repeat(call, failed) or not patience.allows(tried, pause):
                raise _error(call, failed, asked) from _cause(failed)
            tell = logger.warning if tried == 0 and patience.tries == math.inf else logger.info
            tell("%s; trying again", _error(call, failed, asked))
            await self._wire.pause(pause)
            tried += 1

    async def items(self, call: Call[Page[T]]) -> AsyncGenerator[T, None]:
        """Yield all items of a list, page by page."""
        cursor: str | None = None
        while True:
            page = await self.ask(call.asking(cursor=cursor))
            for item in page.items:
                yield item
            if (cursor := page.next) is None:
                return

    async def until_ready(self, seconds: float) -> None:
        """Wait until the service can work.

        Raises
        ------
        ProblemError, ConnectionFailedError
            It cannot after so many seconds.
        """
        until = time.monotonic() + seconds
        while True:
            try:
                await self._answered(calls.ready(), Patience(0))
                return
            except (ConnectionFailedError, ServerError):
                if time.monotonic() > until:
                    raise
            await self._wire.pause(READY_LOOK)

    async def until_ended(
        self, call: Call[V], timeout: float | None = None
    ) -> AsyncGenerator[V, None]:
        """Yield a search, a job or a study again and again, until it has ended.

        The wait goes on for as long as it takes, also while the service is away.

        Raises
        ------
        WaitTimeoutError
            It has not ended after ``timeout`` seconds.
        """
        patience = endless(timeout)
        look = FIRST_LOOK
        while True:
            response, asked = await self._answered(call, patience)
            view = _read(call, response)
            yield view
            if view.state in FINAL:
                return
            pause = look if asked is None else min(max(asked, FIRST_LOOK), LONGEST_ASKED)
            if time.monotonic() + pause > patience.until:
                raise WaitTimeoutError(f"{call} is {view.state} after {timeout:g} s")
            await self._wire.pause(pause)
            look = min(2 * look, LONGEST_LOOK)

    async def events(
        self, call: Call[None], kinds: Mapping[str, type[E]]
    ) -> AsyncGenerator[E, None]:
        """Yield what happens, until the end; none is lost where the stream breaks off.

        Parameters
        ----------
        kinds
            The schema of each kind of event; other kinds are left out.

        Raises
        ------
        EventsUnavailableError
            Events do not get through.
        """
        last_id, tried, silent, usual = "", 0, 0, 0.0
        while True:
            asked: float | None = None
            try:
                headers = {"Accept": "text/event-stream", "Last-Event-ID": last_id}
                async with self._wire.stream(call.sending(_given(headers))) as stream:
                    response = stream.response
                    if response.status_code == 204:
                        return
                    asked = asked_pause(response)
                    if response.status_code not in PASSING:
                        _check_stream(call, response)
                        silent += 1
                        async for event in stream.events:
                            tried, silent, last_id = 0, 0, event.id or last_id
                            usual = usual if event.retry is None else event.retry / 1000
                            if event.event in kinds:
                                yield _event(call, kinds[event.event], event.data)
                            if event.event == "end":
                                return
            except httpx2.TransportError as lost:
                silent += isinstance(lost, httpx2.ReadTimeout)
                logger.info("%s: the stream broke off (%s); going on", call, lost)
            if silent >= SILENT_STREAMS:
                raise EventsUnavailableError(f"{call}: no events get through")
            await self._wire.pause(min(max(pause_before(tried, asked), usual), LONGEST_ASKED))
            tried += 1

    def job_events(self, id_: str) -> AsyncGenerator[JobEvent, None]:
        """Yield what happens to a job."""
        return self.events(calls.events("jobs", id_), JOB_EVENTS)

    def study_events(self, id_: str) -> AsyncGenerator[StudyEvent, None]:
        """Yield what happens to a study."""
        return self.events(calls.events("studies", id_), STUDY_EVENTS)

    async def search_progress(self, id_: str) -> AsyncGenerator[SearchProgressEvent, None]:
        """Yield how a search goes; look again and again where no events get through."""
        try:
            call = calls.events("searches", id_)
            async with aclosing(self.events(call, SEARCH_EVENTS)) as events:
                async for event in events:
                    if isinstance(event, SearchProgressEvent):
                        yield event
            return
        except (EventsUnavailableError, NotFoundError) as unavailable:
            logger.warning("%s; looking at the search instead", unavailable)
        async with aclosing(self.until_ended(calls.search(id_))) as looks:
            async for view in looks:
                yield SearchProgressEvent(
                    state=view.state, found=view.found, best=None, bound=None, elapsed=None
                )

    async def ended_runs(self, id_: str) -> AsyncGenerator[RunEvent, None]:
        """Yield each run of a job as it ends; look again and again where no events get through."""
        told: set[str] = set()
        try:
            async with aclosing(self.job_events(id_)) as events:
                async for event in events:
                    if isinstance(event, RunEvent):
                        told.add(event.run_id)
                        yield event
            return
        except (EventsUnavailableError, NotFoundError) as unavailable:
            logger.warning("%s; looking at the runs instead", unavailable)
        async with aclosing(self.until_ended(calls.job(id_))) as looks:
            async for _ in looks:
                async with aclosing(self._ended_runs_now(id_)) as runs:
                    async for run in runs:
                        if run.run_id not in told:
                            told.add(run.run_id)
                            yield run

    async def _ended_runs_now(self, id_: str) -> AsyncGenerator[RunEvent, None]:
        async with aclosing(self.items(calls.runs(id_))) as runs:
            async for run in runs:
                if run.state in FINAL:
                    yield _as_event(run)


def _read(call: Call[T], response: httpx2.Response) -> T:
    try:
        return call.read(response)
    except ValidationError as misread:
        raise UnexpectedAnswerError(
            f"{call}: the answer is not what this client expects: {misread}"
        ) from misread


def _event(call: Call[Any], schema: type[E], data: str) -> E:
    try:
        return schema.model_validate_json(data, extra="ignore")
    except ValidationError as misread:
        raise UnexpectedAnswerError(
            f"{call}: an event is not what this client expects: {misread}"
        ) from misread


def _error(
    call: Call[Any], failed: httpx2.Response | httpx2.TransportError, asked: float | None
) -> IsobudgetError:
    if isinstance(failed, httpx2.Response):
        return problem(str(call), failed, asked)
    reason = str(failed) or type(failed).__name__
    return ConnectionFailedError(f"{call}: no answer from {origin(failed.request.url)} ({reason})")


def _cause(failed: httpx2.Response | httpx2.TransportError) -> httpx2.TransportError | None:
    return failed if isinstance(failed, httpx2.TransportError) else None


def _check_stream(call: Call[Any], response: httpx2.Response) -> None:
    """Refuse what is no event stream."""
    if response.is_error and response.status_code not in NO_EVENTS:
        raise problem(str(call), response, asked_pause(response))
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if response.is_error or kind != "text/event-stream":
        raise EventsUnavailableError(f"{call}: the answer is no event stream")


def _given(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if value}


def _as_event(run: RunView) -> RunEvent:
    return RunEvent(
        run_id=run.id,
        network=run.network,
        seed=run.seed,
        state=run.state,
        test_accuracy=run.test_accuracy,
        validation_accuracy=run.validation_accuracy,
        failure=run.failure,
        error=run.error,
    )
