"""The Python client of the service: ``from app.client import Client, AsyncClient``.

It needs neither PyTorch nor OR-Tools nor a database. docs/client.md is its guide.
"""

from app.client.asynchronous.client import AsyncClient
from app.client.asynchronous.networks import AsyncStoredArchitecture, AsyncVariant
from app.client.asynchronous.searching import AsyncSearch
from app.client.asynchronous.studying import AsyncStudy
from app.client.asynchronous.training import AsyncJob
from app.client.blocking.client import Client
from app.client.blocking.networks import StoredArchitecture, Variant
from app.client.blocking.searching import Search
from app.client.blocking.studying import Study
from app.client.blocking.training import Job
from app.client.errors import (
    ConflictError,
    ConnectionFailedError,
    EventsUnavailableError,
    ForbiddenError,
    InvalidError,
    IsobudgetError,
    JobFailedError,
    NotFoundError,
    PandasMissingError,
    ProblemError,
    RateLimitedError,
    SearchFailedError,
    ServerError,
    StudyFailedError,
    UnauthorizedError,
    UnavailableError,
    UnexpectedAnswerError,
    WaitTimeoutError,
)

__all__ = [
    "AsyncClient",
    "AsyncJob",
    "AsyncSearch",
    "AsyncStoredArchitecture",
    "AsyncStudy",
    "AsyncVariant",
    "Client",
    "ConflictError",
    "ConnectionFailedError",
    "EventsUnavailableError",
    "ForbiddenError",
    "InvalidError",
    "IsobudgetError",
    "Job",
    "JobFailedError",
    "NotFoundError",
    "PandasMissingError",
    "ProblemError",
    "RateLimitedError",
    "Search",
    "SearchFailedError",
    "ServerError",
    "StoredArchitecture",
    "Study",
    "StudyFailedError",
    "UnauthorizedError",
    "UnavailableError",
    "UnexpectedAnswerError",
    "Variant",
    "WaitTimeoutError",
]  # fmt: skip
