"""What the client asks the service, as data: each function makes one call."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote

import httpx2
from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from app.schemas.architectures import ArchitecturePage, ArchitectureView
from app.schemas.datasets import DatasetPage
from app.schemas.jobs import JobPage, JobView, RunPage
from app.schemas.searches import SearchPage, SearchView
from app.schemas.studies import StudyPage, StudyView
from app.schemas.variants import VariantPage, VariantView
from app.schemas.workers import WorkerPage

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
S = TypeVar("S", bound=BaseModel)

PAGE: Final = 200
"""Items asked for at once: the most that the service answers."""
WAIT_SECONDS: Final = 20
"""The time that the service is asked to wait for the end of a search before it answers."""
ONNX_SECONDS: Final = 600
"""The time that the service may take for an ONNX file: up to 120 s, behind four others."""
Query = Mapping[str, str | int | float | None]


@dataclass(frozen=True)
class Call(Generic[T_co]):
    """A request, and how to read the answer.

    Attributes
    ----------
    waits
        Seconds that the service may take on purpose.
    is_repeatable
        Whether doing it twice is the same as doing it once. Other calls are repeated only where
        they were certainly not carried out.
    """

    method: str
    path: str
    read: Callable[[httpx2.Response], T_co]
    query: Query | None = None
    body: Any = None
    headers: Mapping[str, str] | None = None
    waits: float = 0.0
    is_repeatable: bool = True

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def asking(self, **query: str | int | float | None) -> "Call[T_co]":
        """The same call with more in its query; ``None`` is left out."""
        whole = {**(self.query or {}), **query}
        return replace(self, query={key: it for key, it in whole.items() if it is not None})

    def sending(self, headers: Mapping[str, str]) -> "Call[T_co]":
        """The same call with more headers."""
        return replace(self, headers={**(self.headers or {}), **headers})


def _as(schema: type[S]) -> Callable[[httpx2.Response], S]:
    """Read answers as a schema; keys that a newer service has added are ignored."""
    return lambda response: schema.model_validate_json(response.content, extra="ignore")


def _text(response: httpx2.Response) -> str:
    return response.text


def _content(response: httpx2.Response) -> bytes:
    return response.content


def _nothing(_: httpx2.Response) -> None:
    return None


def _path(*parts: str) -> str:
    return "/" + "/".join(quote(part, safe="") for part in parts)


def _post(
    path: str, read: Callable[[httpx2.Response], T], body: Any, key: str | None, **more: Any
) -> Call[T]:
    """A call that makes something: its key has the service make it once, if it is repeated."""
    headers = {"Idempotency-Key": key or uuid.uuid4().hex, **more.pop("headers", {})}
    return Call("POST", path, read, body=_plain(body), headers=headers, **more)


def _plain(body: Any) -> Any:
    """A request's body as JSON has it.

    Raises
    ------
    TypeError
        It holds what JSON has no form for.
    """
    return to_jsonable_python(body, fallback=_listed)


def _listed(value: Any) -> Any:
    """A range as a list, and NumPy's arrays and numbers as Python's."""
    if isinstance(value, Sequence):
        return list(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} {value!r} cannot be sent as JSON")


def ready() -> Call[None]:
    """Ask whether the service can work."""
    return Call("GET", "/readyz", _nothing)


def post_architecture(document: Any) -> Call[ArchitectureView]:
    """Count and store an architecture: under its content's hash, so it can be repeated."""
    body = _plain(document)
    return Call("POST", "/v1/architectures", _as(ArchitectureView), body=body)


def architecture(id_: str) -> Call[ArchitectureView]:
    """One architecture."""
    return Call("GET", _path("v1", "architectures", id_), _as(ArchitectureView))


def architectures() -> Call[ArchitecturePage]:
    """A page of architectures."""
    return Call("GET", "/v1/architectures", _as(ArchitecturePage)).asking(limit=PAGE)


def source(kind: str, id_: str) -> Call[str]:
    """The source of an architecture or of a variant."""
    return Call("GET", _path("v1", kind, id_, "model.py"), _text)


def onnx(kind: str, id_: str) -> Call[bytes]:
    """The ONNX file of an architecture or of a variant."""
    return Call("GET", _path("v1", kind, id_, "model.onnx"), _content, waits=ONNX_SECONDS)


def post_search(body: Any, *, wait: bool, key: str | None = None) -> Call[SearchView]:
    """Search."""
    seconds = WAIT_SECONDS if wait else 0
    headers = {"Prefer": f"wait={seconds}"}
    return _post("/v1/searches", _as(SearchView), body, key, headers=headers, waits=seconds)


def search(id_: str) -> Call[SearchView]:
    """One search."""
    return Call("GET", _path("v1", "searches", id_), _as(SearchView))


def searches() -> Call[SearchPage]:
    """A page of searches."""
    return Call("GET", "/v1/searches", _as(SearchPage)).asking(limit=PAGE)


def delete_search(id_: str) -> Call[None]:
    """Cancel a search; a repetition would remove it, too."""
    return Call("DELETE", _path("v1", "searches", id_), _nothing, is_repeatable=False)


def search_variants(id_: str, sort: str | None) -> Call[VariantPage]:
    """A page of what a search found."""
    path = _path("v1", "searches", id_, "variants")
    return Call("GET", path, _as(VariantPage)).asking(limit=PAGE, sort=sort)


def search_variants_csv(id_: str) -> Call[bytes]:
    """All that a search found, as a table."""
    return Call("GET", _path("v1", "searches", id_, "variants.csv"), _content)


def variants(filters: Query) -> Call[VariantPage]:
    """A page of all that searches found."""
    return Call("GET", "/v1/variants", _as(VariantPage)).asking(limit=PAGE, **filters)


def variants_csv(filters: Query) -> Call[bytes]:
    """All that searches found, as a table."""
    return Call("GET", "/v1/variants.csv", _content).asking(**filters)


def variant(id_: str) -> Call[VariantView]:
    """One variant."""
    return Call("GET", _path("v1", "variants", id_), _as(VariantView))


def datasets() -> Call[DatasetPage]:
    """All data sets."""
    return Call("GET", "/v1/datasets", _as(DatasetPage))


def workers() -> Call[WorkerPage]:
    """A page of workers."""
    return Call("GET", "/v1/workers", _as(WorkerPage)).asking(limit=PAGE)


def post_job(body: Any, key: str | None = None) -> Call[JobView]:
    """Train."""
    return _post("/v1/jobs", _as(JobView), body, key)


def job(id_: str) -> Call[JobView]:
    """One job."""
    return Call("GET", _path("v1", "jobs", id_), _as(JobView))


def jobs() -> Call[JobPage]:
    """A page of jobs."""
    return Call("GET", "/v1/jobs", _as(JobPage)).asking(limit=PAGE)


def cancel_job(id_: str) -> Call[JobView]:
    """Cancel a job."""
    return Call("POST", _path("v1", "jobs", id_, "cancel"), _as(JobView))


def retry_job(id_: str) -> Call[JobView]:
    """Queue what failed once more; a repetition would queue what has failed since."""
    path = _path("v1", "jobs", id_, "retry")
    return Call("POST", path, _as(JobView), is_repeatable=False)


def post_study(body: Any, key: str | None = None) -> Call[StudyView]:
    """Measure what variants of many originals gain."""
    return _post("/v1/studies", _as(StudyView), body, key)


def study(id_: str) -> Call[StudyView]:
    """One study."""
    return Call("GET", _path("v1", "studies", id_), _as(StudyView))


def studies() -> Call[StudyPage]:
    """A page of studies."""
    return Call("GET", "/v1/studies", _as(StudyPage)).asking(limit=PAGE)


def cancel_study(id_: str) -> Call[StudyView]:
    """Cancel a study."""
    return Call("POST", _path("v1", "studies", id_, "cancel"), _as(StudyView))


def runs(id_: str) -> Call[RunPage]:
    """A page of a job's runs."""
    return Call("GET", _path("v1", "jobs", id_, "runs"), _as(RunPage)).asking(limit=PAGE)


def results_csv(kind: str, id_: str) -> Call[bytes]:
    """The runs of a job or a study, as a table."""
    return Call("GET", _path("v1", kind, id_, "results.csv"), _content)


def events(kind: str, id_: str) -> Call[None]:
    """What happens to a search, a job or a study."""
    return Call("GET", _path("v1", kind, id_, "events"), _nothing)
