"""The asynchronous client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self, Unpack

import anyio
import httpx2

from app.client import calls
from app.client.asynchronous.networks import AsyncStoredArchitecture, AsyncVariant
from app.client.asynchronous.searching import AsyncSearch
from app.client.asynchronous.studying import AsyncStudy
from app.client.asynchronous.training import AsyncJob
from app.client.connecting import options, origin
from app.client.documents import (
    AnyArchitecture,
    AnySearch,
    Document,
    VariantFilters,
    Variants,
    architecture_of,
    given,
    id_of,
    network_of,
    query_of,
    selection_of,
    whole_request,
)
from app.client.flows import Flows
from app.client.frames import frame
from app.client.wires import AsyncWire
from app.schemas.datasets import DatasetView, FaultyDatasetView
from app.schemas.requests import SearchRequest
from app.schemas.study_terms import Control, ControlsIn, Primary, StudyRequest
from app.schemas.workers import WorkerView
from solver.problem import ApproachName, Budget, Counted, Dtype, Find, Ranges, Scope
from solver.variation.tolerance import Tolerance
from solver.variation.width_terms import WidthTerms

if TYPE_CHECKING:
    from os import PathLike

    import pandas as pd


class AsyncClient:
    """A client of the service for an event loop of asyncio or trio.

    All is as with :class:`~app.client.blocking.client.Client`: calls are awaited, and lists are
    iterated with ``async for``.

    Examples
    --------
    >>> async with AsyncClient() as client:
    ...     search = await client.search("lenet.json", approach="IV", budget="params")
    ...     job = await client.train(search, dataset="mnist", seeds=3)
    ...     async for run in job.follow():
    ...         print(run.network, run.test_accuracy)
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        timeout: float = 30.0,
        retries: int = 5,
        transport: httpx2.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._http = httpx2.AsyncClient(**options(url, key), transport=transport)
        self._flows = Flows(AsyncWire(self._http, timeout, sleep), retries)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<Client of {origin(self._http.base_url)}>"

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def wait_until_ready(self, seconds: float = 60.0) -> None:
        """Wait until the service answers and its database is migrated."""
        await self._flows.until_ready(seconds)

    async def search(
        self,
        architecture: AnyArchitecture,
        approach: ApproachName = "IV",
        budget: Budget = "params",
        *,
        scope: Scope | None = None,
        ranges: Ranges | Mapping[str, tuple[int, int] | list[int]] | None = None,
        tolerance: float | Tolerance | Mapping[str, float] | None = None,
        find: Find | Document | None = None,
        kernel_grows: bool | None = None,
        count_pooling: bool | None = None,
        min_coverage: float | None = None,
        widths: WidthTerms | Document | None = None,
        count: Counted | None = None,
        max_activation_bytes: int | None = None,
        dtype: Dtype | None = None,
        max_params: int | None = None,
        limit: int | None = None,
        time_limit: float | None = None,
        wait: bool = True,
        idempotency_key: str | None = None,
    ) -> AsyncSearch:
        """Find the variants of an architecture that have its budget."""
        body = architecture_of(architecture) | given(
            approach=approach,
            budget=budget,
            scope=scope,
            ranges=ranges,
            tolerance=tolerance,
            find=find,
            kernel_grows=kernel_grows,
            count_pooling=count_pooling,
            min_coverage=min_coverage,
            widths=widths,
            count=count,
            max_activation_bytes=max_activation_bytes,
            dtype=dtype,
            max_params=max_params,
            limit=limit,
            time_limit=time_limit,
        )
        return await self.search_request(body, wait=wait, idempotency_key=idempotency_key)

    async def search_request(
        self,
        request: SearchRequest | Document | str | PathLike[str],
        *,
        wait: bool = True,
        idempotency_key: str | None = None,
    ) -> AsyncSearch:
        """Search as a whole request says: a document, or the path of its JSON file."""
        call = calls.post_search(whole_request(request), wait=wait, key=idempotency_key)
        search = AsyncSearch(self._flows, await self._flows.ask(call))
        return await search.wait() if wait else search

    async def get_search(self, id_: str) -> AsyncSearch:
        """The search with this id."""
        return AsyncSearch(self._flows, await self._flows.ask(calls.search(id_)))

    async def searches(self) -> AsyncIterator[AsyncSearch]:
        """Yield all searches, the newest first."""
        async for view in self._flows.items(calls.searches()):
            yield AsyncSearch(self._flows, view)

    async def train(
        self,
        search: AnySearch,
        dataset: str = "mnist",
        *,
        seeds: int | None = None,
        variants: Variants | None = None,
        epochs: int | None = None,
        recipe: Document | None = None,
        training_images: int | None = None,
        inputs: Literal["native", "upsampled"] | None = None,
        priority: int | None = None,
        idempotency_key: str | None = None,
    ) -> AsyncJob:
        """Train the original of a search and variants of it; returns as soon as that is queued."""
        if isinstance(search, AsyncSearch):
            await search.wait()
        body = {"search_id": id_of(search), "dataset": dataset} | given(
            seeds=seeds,
            variants=None if variants is None else selection_of(variants),
            epochs=epochs,
            recipe=recipe,
            training_images=training_images,
            inputs=inputs,
            priority=priority,
        )
        return AsyncJob(self._flows, await self._flows.ask(calls.post_job(body, idempotency_key)))

    async def job(self, id_: str) -> AsyncJob:
        """The job with this id."""
        return AsyncJob(self._flows, await self._flows.ask(calls.job(id_)))

    async def jobs(self) -> AsyncIterator[AsyncJob]:
        """Yield all jobs, the newest first."""
        async for view in self._flows.items(calls.jobs()):
            yield AsyncJob(self._flows, view)

    async def study(
        self,
        dataset: str,
        resolutions: Sequence[int],
        approaches: Sequence[ApproachName] | None = None,
        *,
        budgets: Sequence[Budget] | None = None,
        scope: Scope | None = None,
        tolerance: float | Tolerance | Mapping[str, float] | None = None,
        ranges: Ranges | Mapping[str, tuple[int, int] | list[int]] | None = None,
        architecture: AnyArchitecture | None = None,
        grid: Mapping[str, Sequence[int]] | None = None,
        originals: int | Literal["all"] | None = None,
        variants: int | None = None,
        seeds: int | None = None,
        training_images: int | None = None,
        controls: Sequence[Control] | None = None,
        controls_in: ControlsIn | None = None,
        primary: Primary | Document | None = None,
        seed: int | None = None,
        epochs: int | None = None,
        recipe: Document | None = None,
        priority: int | None = None,
        idempotency_key: str | None = None,
    ) -> AsyncStudy:
        """Measure what variants of many originals gain; returns as soon as that is stored."""
        body = given(
            dataset=dataset,
            resolutions=resolutions,
            approaches=approaches,
            budgets=budgets,
            scope=scope,
            tolerance=tolerance,
            ranges=ranges,
            architecture=None if architecture is None else network_of(architecture),
            grid=grid,
            originals=originals,
            variants=variants,
            seeds=seeds,
            training_images=training_images,
            controls=controls,
            controls_in=controls_in,
            primary=primary,
            seed=seed,
            epochs=epochs,
            recipe=recipe,
            priority=priority,
        )
        return await self.study_request(body, idempotency_key=idempotency_key)

    async def study_request(
        self,
        request: StudyRequest | Document | str | PathLike[str],
        *,
        idempotency_key: str | None = None,
    ) -> AsyncStudy:
        """Ask for a study as a whole request says: a document, or the path of its JSON file."""
        call = calls.post_study(whole_request(request), idempotency_key)
        return AsyncStudy(self._flows, await self._flows.ask(call))

    async def get_study(self, id_: str) -> AsyncStudy:
        """The study with this id."""
        return AsyncStudy(self._flows, await self._flows.ask(calls.study(id_)))

    async def studies(self) -> AsyncIterator[AsyncStudy]:
        """Yield all studies, the newest first, without what they found."""
        async for view in self._flows.items(calls.studies()):
            yield AsyncStudy(self._flows, view)

    async def architecture(self, what: AnyArchitecture) -> AsyncStoredArchitecture:
        """Count and store an architecture, or get the one with this id."""
        part = architecture_of(what)
        if "architecture_id" in part:
            call = calls.architecture(part["architecture_id"])
        else:
            call = calls.post_architecture(part["architecture"])
        return AsyncStoredArchitecture(self._flows, await self._flows.ask(call))

    async def architectures(self) -> AsyncIterator[AsyncStoredArchitecture]:
        """Yield all stored architectures, the newest first."""
        async for view in self._flows.items(calls.architectures()):
            yield AsyncStoredArchitecture(self._flows, view)

    async def variant(self, id_: str) -> AsyncVariant:
        """The variant with this id."""
        return AsyncVariant(self._flows, await self._flows.ask(calls.variant(id_)))

    async def variants(self, **filters: Unpack[VariantFilters]) -> AsyncIterator[AsyncVariant]:
        """Yield the variants of all searches, filtered as ``GET /v1/variants`` filters them."""
        async for view in self._flows.items(calls.variants(query_of(filters))):
            yield AsyncVariant(self._flows, view)

    async def variants_to_pandas(self, **filters: Unpack[VariantFilters]) -> pd.DataFrame:
        """The same variants as a frame."""
        return frame(await self._flows.ask(calls.variants_csv(query_of(filters))))

    async def datasets(self) -> list[DatasetView | FaultyDatasetView]:
        """What networks can be trained on."""
        return (await self._flows.ask(calls.datasets())).items

    async def workers(self) -> AsyncIterator[WorkerView]:
        """Yield the workers that were heard of within the last day, and what they do."""
        async for view in self._flows.items(calls.workers()):
            yield view
