"""The blocking client."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self, Unpack

import httpx2

from app.client import calls
from app.client.blocking.networks import StoredArchitecture, Variant
from app.client.blocking.searching import Search
from app.client.blocking.studying import Study
from app.client.blocking.training import Job
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
from app.client.driving import iterate, run
from app.client.flows import Flows
from app.client.frames import frame
from app.client.wires import BlockingWire
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


class Client:
    """A client of the service; it can be used as a context manager, and by several threads.

    Parameters
    ----------
    url
        Where the service is; ``ISOBUDGET_URL``, or ``http://127.0.0.1:8000``, where left out.
    key
        The key of the service; ``ISOBUDGET_KEY`` where left out. ``""`` sends none, and this
        machine needs none.
    timeout
        Seconds that the service may leave a call without an answer.
    retries
        How often a call is tried again if the service does not answer or cannot now. Waits for
        searches and jobs go on for as long as it takes.
    transport, sleep
        What takes the place of the network, and of ``time.sleep`` between tries and looks.

    Raises
    ------
    ValueError
        The URL or the key cannot be used.

    Examples
    --------
    >>> with Client() as client:
    ...     search = client.search("lenet.json", approach="IV", budget="params")
    ...     job = client.train(search, dataset="mnist", seeds=3).wait(progress=True)
    ...     print(job.results.mean_variant)
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        timeout: float = 30.0,
        retries: int = 5,
        transport: httpx2.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._http = httpx2.Client(**options(url, key), transport=transport)
        self._flows = Flows(BlockingWire(self._http, timeout, sleep), retries)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Client of {origin(self._http.base_url)}>"

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def wait_until_ready(self, seconds: float = 60.0) -> None:
        """Wait until the service answers and its database is migrated.

        Raises
        ------
        ConnectionFailedError, ServerError
            It is not ready after so many seconds.
        """
        run(self._flows.until_ready(seconds))

    def search(
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
    ) -> Search:
        """Find the variants of an architecture that have its budget.

        Arguments that are left out take the service's defaults. An infeasible search is no error:
        its ``outcome`` says so, and its ``explanation`` says why.

        Parameters
        ----------
        architecture
            An architecture, its document, the path of its JSON file, its id, or something that the
            client returned.
        approach
            ``I`` to ``IV``: which part of the network changes (Section 3); ``V``: all its widths.
        budget
            ``params``, ``flops`` or ``both``: what stays equal.
        scope
            ``network`` counts the whole network, ``paper`` takes the equation as printed.
        ranges
            Inclusive ranges of the unknowns, such as ``{"resolution": (17, 32)}``.
        tolerance
            A fraction of the budget, to both sides, or ``{"below": 0.01, "above": 0.0}``.
        find
            ``"all"``, ``{"sample": 100, "seed": 0}`` or ``{"best": "nearest_budget", "top": 10}``;
            of approach V ``{"best": "closest"}``, for example.
        kernel_grows, count_pooling, min_coverage
            As ``POST /v1/searches`` has them.
        widths, count, max_activation_bytes, dtype, max_params
            Of approach V: bounds of widths such as ``{"ratio": [0.5, 2], "step": 8}``, what FLOPs
            are, and bounds on the bytes of activations and on parameters.
        limit
            Most variants to keep.
        time_limit
            Seconds that the solver may take.
        wait
            Whether to return when the search has ended, or as soon as it is stored.
        idempotency_key
            Two searches with the same key are one; each has its own where left out.

        Raises
        ------
        InvalidError
            The service refuses the request, fault by fault.
        SearchFailedError
            The search failed, or was cancelled.
        OSError, ValueError
            The file of the architecture cannot be read.
        """
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
        return self.search_request(body, wait=wait, idempotency_key=idempotency_key)

    def search_request(
        self,
        request: SearchRequest | Document | str | PathLike[str],
        *,
        wait: bool = True,
        idempotency_key: str | None = None,
    ) -> Search:
        """Search as a whole request says: a document, or the path of its JSON file.

        The rest is as in :meth:`search`.
        """
        call = calls.post_search(whole_request(request), wait=wait, key=idempotency_key)
        search = Search(self._flows, run(self._flows.ask(call)))
        return search.wait() if wait else search

    def get_search(self, id_: str) -> Search:
        """The search with this id."""
        return Search(self._flows, run(self._flows.ask(calls.search(id_))))

    def searches(self) -> Iterator[Search]:
        """Yield all searches, the newest first."""
        for view in iterate(self._flows.items(calls.searches())):
            yield Search(self._flows, view)

    def train(
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
    ) -> Job:
        """Train the original of a search and variants of it; returns as soon as that is queued.

        Arguments that are left out take the service's defaults. Runs that an earlier job recorded
        are taken over.

        Parameters
        ----------
        search
            A search, which is waited for, or its id.
        dataset
            A name that :meth:`datasets` lists.
        seeds
            How often each network is trained.
        variants
            How many variants, drawn at random; ``"all"``; a list of variants or of their ids; or a
            selection such as ``{"select": "halving", "count": 64}``.
        epochs
            Passes over the training images.
        recipe
            ``{"name": "paper"}`` (or ``fast``, ``sgd``, ``adam``), and fields that override the
            recipe's.
        training_images
            Train on so many images, of each class its share.
        inputs
            ``upsampled`` is a control: no more detail than the original sees.
        priority
            Runs of a job with a higher priority are trained before others that wait.
        idempotency_key
            Two jobs with the same key are one; each has its own where left out.

        Raises
        ------
        InvalidError
            The service refuses the request, fault by fault.
        SearchFailedError
            The search failed, or was cancelled.
        """
        if isinstance(search, Search):
            search.wait()
        body = {"search_id": id_of(search), "dataset": dataset} | given(
            seeds=seeds,
            variants=None if variants is None else selection_of(variants),
            epochs=epochs,
            recipe=recipe,
            training_images=training_images,
            inputs=inputs,
            priority=priority,
        )
        return Job(self._flows, run(self._flows.ask(calls.post_job(body, idempotency_key))))

    def job(self, id_: str) -> Job:
        """The job with this id."""
        return Job(self._flows, run(self._flows.ask(calls.job(id_))))

    def jobs(self) -> Iterator[Job]:
        """Yield all jobs, the newest first."""
        for view in iterate(self._flows.items(calls.jobs())):
            yield Job(self._flows, view)

    def study(
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
    ) -> Study:
        """Measure what variants of many originals gain; returns as soon as that is stored.

        Arguments that are left out take the service's defaults.

        Parameters
        ----------
        dataset
            A name that :meth:`datasets` lists.
        resolutions
            Those of the originals, in pixels.
        approaches, budgets
            One cell for each of them and each resolution; with no approach, ``[]``, the originals
            alone are trained.
        architecture
            The network in which the grid sets fields; the paper's where left out.
        grid
            The values of each field that varies, such as ``{"kernel_size": [3, 5]}``.
        originals, variants
            How many are drawn, for each cell and for each original.
        seeds
            How often each network is trained.
        controls, controls_in
            What is trained to find out what a gain is owed to, and in which cells.
        primary
            The cell and the estimate that the study decides on.
        seed
            The seed of all draws.
        scope, tolerance, ranges
            As in :meth:`search`.
        epochs, recipe, training_images, priority
            As in :meth:`train`.
        idempotency_key
            Two studies with the same key are one; each has its own where left out.

        Raises
        ------
        InvalidError
            The service refuses the request, fault by fault.
        TypeError
            The architecture is an id.
        """
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
        return self.study_request(body, idempotency_key=idempotency_key)

    def study_request(
        self,
        request: StudyRequest | Document | str | PathLike[str],
        *,
        idempotency_key: str | None = None,
    ) -> Study:
        """Ask for a study as a whole request says: a document, or the path of its JSON file.

        The rest is as in :meth:`study`.
        """
        call = calls.post_study(whole_request(request), idempotency_key)
        return Study(self._flows, run(self._flows.ask(call)))

    def get_study(self, id_: str) -> Study:
        """The study with this id."""
        return Study(self._flows, run(self._flows.ask(calls.study(id_))))

    def studies(self) -> Iterator[Study]:
        """Yield all studies, the newest first, without what they found."""
        for view in iterate(self._flows.items(calls.studies())):
            yield Study(self._flows, view)

    def architecture(self, what: AnyArchitecture) -> StoredArchitecture:
        """Count and store an architecture, or get the one with this id.

        Raises
        ------
        InvalidError
            It is no valid architecture; ``errors`` lists every fault with its place.
        """
        part = architecture_of(what)
        if "architecture_id" in part:
            call = calls.architecture(part["architecture_id"])
        else:
            call = calls.post_architecture(part["architecture"])
        return StoredArchitecture(self._flows, run(self._flows.ask(call)))

    def architectures(self) -> Iterator[StoredArchitecture]:
        """Yield all stored architectures, the newest first."""
        for view in iterate(self._flows.items(calls.architectures())):
            yield StoredArchitecture(self._flows, view)

    def variant(self, id_: str) -> Variant:
        """The variant with this id."""
        return Variant(self._flows, run(self._flows.ask(calls.variant(id_))))

    def variants(self, **filters: Unpack[VariantFilters]) -> Iterator[Variant]:
        """Yield the variants of all searches, filtered as ``GET /v1/variants`` filters them."""
        for view in iterate(self._flows.items(calls.variants(query_of(filters)))):
            yield Variant(self._flows, view)

    def variants_to_pandas(self, **filters: Unpack[VariantFilters]) -> pd.DataFrame:
        """The same variants as a frame.

        Raises
        ------
        PandasMissingError
            pandas is not installed.
        """
        return frame(run(self._flows.ask(calls.variants_csv(query_of(filters)))))

    def datasets(self) -> list[DatasetView | FaultyDatasetView]:
        """What networks can be trained on."""
        return run(self._flows.ask(calls.datasets())).items

    def workers(self) -> Iterator[WorkerView]:
        """Yield the workers that were heard of within the last day, and what they do."""
        yield from iterate(self._flows.items(calls.workers()))
