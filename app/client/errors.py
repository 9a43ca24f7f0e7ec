"""What goes wrong between a program and the service: one family of exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from app.schemas.problems import FaultView, ProblemDetails

if TYPE_CHECKING:
    import httpx2

    from app.client.data import JobData, SearchData, StudyData

SHOWN_FAULTS: Final = 20
"""The most faults that a message lists; ``errors`` has all that the service told."""


class IsobudgetError(RuntimeError):
    """The base of all that this client raises about the service."""


class ConnectionFailedError(IsobudgetError):
    """The service does not answer, or its answer was lost.

    A request that changes something may have been carried out all the same.
    """


class UnexpectedAnswerError(IsobudgetError):
    """The service answers what this client does not understand; the versions may differ."""


class EventsUnavailableError(IsobudgetError):
    """Server-sent events do not get through, because of the service or of something before it."""


class WaitTimeoutError(IsobudgetError, TimeoutError):
    """What was waited for took longer than the ``timeout`` that was given."""


class PandasMissingError(IsobudgetError, ImportError):
    """pandas is not installed; the message says how to install it."""


class SearchFailedError(IsobudgetError):
    """The search failed, or was cancelled.

    Attributes
    ----------
    search
        The search, with its ``state`` and ``error``.
    """

    def __init__(self, search: SearchData) -> None:
        super().__init__(f"search {search.id} {_ending(search.state, search.error)}")
        self.search = search


class JobFailedError(IsobudgetError):
    """The job failed, or was cancelled.

    Attributes
    ----------
    job
        The job, with its ``state``, its ``error`` and the results that it has all the same.
    """

    def __init__(self, job: JobData) -> None:
        super().__init__(f"job {job.id} {_ending(job.state, job.error)}")
        self.job = job


class StudyFailedError(IsobudgetError):
    """The study failed, or was cancelled.

    Attributes
    ----------
    study
        The study, with its ``state``, its ``error`` and what it found all the same.
    """

    def __init__(self, study: StudyData) -> None:
        super().__init__(f"study {study.id} {_ending(study.state, study.error)}")
        self.study = study


def _ending(state: str, error: str | None) -> str:
    verb = "was cancelled" if state == "cancelled" else state
    return f"{verb}: {error}" if error else verb


class ProblemError(IsobudgetError):
    """The service refused a request, or failed at it (RFC 9457).

    Attributes
    ----------
    problem
        What the service told.
    request_id
        What the service's log calls the request.
    retry_after
        In how many seconds the service asks to come again, if it does.
    """

    def __init__(
        self,
        call: str,
        problem: ProblemDetails,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(_message(call, problem))
        self.problem = problem
        self.request_id = request_id
        self.retry_after = retry_after

    @property
    def status(self) -> int:
        """HTTP's status code."""
        return self.problem.status

    @property
    def title(self) -> str:
        """The problem in a word."""
        return self.problem.title

    @property
    def detail(self) -> str:
        """The problem in a sentence."""
        return self.problem.detail

    @property
    def errors(self) -> list[FaultView]:
        """The faults of the request: each has a ``pointer`` to its place, and a ``detail``."""
        return self.problem.errors

    @property
    def total(self) -> int:
        """How many faults there are; the service lists the first of many."""
        return max(self.problem.total, len(self.errors))


class UnauthorizedError(ProblemError):
    """401: a key is needed, or this one is not valid."""


class ForbiddenError(ProblemError):
    """403: the key may not do this."""


class NotFoundError(ProblemError):
    """404: there is none with this id."""


class ConflictError(ProblemError):
    """409: it does not fit the current state of what it is about."""


class InvalidError(ProblemError):
    """422: the request is refused; ``errors`` says where, and why."""


class RateLimitedError(ProblemError):
    """429: too many requests; ``retry_after`` says when to come again."""


class ServerError(ProblemError):
    """5xx: the service failed; its log says more under ``request_id``."""


class UnavailableError(ServerError):
    """502, 503 or 504: the service cannot answer now."""


_KINDS: Final[Mapping[int, type[ProblemError]]] = {
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    422: InvalidError,
    429: RateLimitedError,
    502: UnavailableError,
    503: UnavailableError,
    504: UnavailableError,
}


def problem(call: str, response: httpx2.Response, retry_after: float | None) -> ProblemError:
    """Make the exception for an answer that is an error.

    Parameters
    ----------
    call
        The method and path of the request.
    retry_after
        In how many seconds the service asks to come again.
    """
    status = response.status_code
    kind = _KINDS.get(status, ServerError if status >= 500 else ProblemError)
    return kind(call, _told(response), response.headers.get("X-Request-ID"), retry_after)


def _told(response: httpx2.Response) -> ProblemDetails:
    """The problem document; where a proxy answered a page of its own, the status in words."""
    status = response.status_code
    silent = ProblemDetails(title=_phrase(status), status=status, detail="the answer says no more")
    try:
        told = {**silent.model_dump(), **response.json(), "status": status}
        return ProblemDetails.model_validate(told, extra="ignore")
    except (TypeError, ValueError):  # pydantic's ValidationError is one
        return silent


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def _message(call: str, problem: ProblemDetails) -> str:
    head = f"{call}: {problem.status} {problem.title}: {problem.detail}"
    lines = [f"  {fault.pointer}: {fault.detail}" for fault in problem.errors[:SHOWN_FAULTS]]
    if (more := max(problem.total, len(problem.errors)) - len(lines)) > 0:
        lines.append(f"  and {more:,} more")
    return "\n".join([head, *lines])
