"""Rows and requests with good defaults, and waiting for what becomes of them."""

import json
import subprocess
import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import architectures, jobs, runs, searches
from app.db.engine import Database
from app.db.models import JobRow, RunRow, SearchRow
from app.experiments.catalogue import content_id
from app.experiments.halving import Halving
from app.experiments.recipes import Recipe
from app.schemas.environments import Environment
from app.schemas.job_terms import JobDocument, JobTerms
from app.schemas.requests import HalvingSelection, SearchRequest, Selection, WholeSelection
from app.shipped import example
from solver.answers.search import solve
from solver.answers.variants import Answer
from solver.network.architecture import Architecture
from solver.problem import SolveRequest

T = TypeVar("T")

PATIENCE: Final = 300.0
"""Seconds in which what must happen does, also where many others compute on a small machine.

What is promised to be quick has a limit of its own; all else waits as long as this.
"""
RESULT: dict[str, Any] = {
    "test_accuracy": 0.5,
    "validation_accuracy": 0.5,
    "seconds": 1.0,
    "test_correct": b"\x0f",
    "environment": Environment(seed=0),
}


_ALL: Final = WholeSelection(select="all")


def original() -> Architecture:
    return Architecture.model_validate(example("digits-architecture"))


def search_body(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = example("digits-search")
    return {**body, **changes}


def queued_search(session: Session, **changes: Any) -> SearchRow:
    request = SearchRequest.model_validate(search_body(**changes))
    assert request.architecture is not None
    architectures.add(session, request.architecture)
    return searches.create(session, request.architecture.id, request.filled(request.architecture))


@cache
def _solved(body: str) -> Answer:
    request = SolveRequest.model_validate_json(body)
    return solve(request.problem, request.settings)


def solved_search(session: Session, **changes: Any) -> SearchRow:
    """A search and its variants, as the solvers record them."""
    row = queued_search(session, **changes)
    claimed = searches.claim(session, grace=60)
    assert claimed is not None
    assert claimed.id == row.id
    searches.record(session, row.id, claimed.attempt, _solved(json.dumps(search_body(**changes))))
    session.refresh(row)
    return row


def needs(
    architecture: Architecture,
    seeds: int = 2,
    variants: Sequence[int] = (),
    tag: str = "digits",
    epochs: int = 2,
    first: int | None = None,
) -> list[jobs.JobNeed]:
    """Runs of one architecture, as if it were the original and the variants.

    Of variants so many epochs are wanted ``first``, if not all.
    """
    resolution = architecture.resolution
    found: list[jobs.JobNeed] = []
    for variant in (None, *variants):
        network = jobs.JobNetwork(architecture.id, resolution, variant)
        for seed in range(seeds):
            identity = {
                "architecture_id": architecture.id,
                "dataset": tag,
                "dataset_version": "1",
                "resolution": resolution,
                "recipe": Recipe(epochs=epochs).model_dump(mode="json"),
                "training_images": None,
                "detail": None,
            }
            stack = content_id([identity, variant])
            run = {"id": content_id([stack, seed]), "stack": stack, **identity, "seed": seed}
            found.append(jobs.JobNeed(run, epochs if variant is None else first or epochs, network))
    return found


def asked(
    search_id: str,
    tag: str = "digits",
    variants: Selection = _ALL,
    seeds: int = 2,
    epochs: int = 2,
) -> JobDocument:
    """What a job was asked for."""
    recipe = Recipe(epochs=epochs)
    terms = JobTerms(
        search_id=search_id,
        dataset=tag,
        variants=variants,
        seeds=seeds,
        epochs=epochs,
        recipe=recipe,
    )
    return JobDocument(terms=terms)


def queued_job(
    database: Database,
    seeds: int = 2,
    variants: Sequence[int] = (),
    tag: str = "digits",
    epochs: int = 2,
    halving: tuple[int, int] | None = None,
    priority: int = 0,
    network: Architecture | None = None,
) -> JobRow:
    """A job of the example's search, with a run for each network and seed.

    ``halving`` are its ``eta`` and ``min_epochs``; ``network`` is trained instead of the example's.
    """

    def make(session: Session) -> JobRow:
        rows, _ = searches.newest(session, None, 1)
        search = rows[0] if rows else solved_search(session, limit=20)
        selection: Selection = _ALL
        first = None
        if halving:
            eta, min_epochs = halving
            selection = HalvingSelection(select="halving", eta=eta, min_epochs=min_epochs)
            first = Halving(eta, min_epochs, epochs).first(len(variants))
        document = asked(search.id, tag, selection, seeds, epochs)
        if network:
            architectures.add(session, network)
        wanted = needs(network or original(), seeds, variants, tag, epochs, first)
        return jobs.create(session, search.id, document, wanted, priority)

    return database.transact(make)


def trained(database: Database, *accuracies: float) -> None:
    """Record queued runs, the oldest first, with these accuracies on the test split."""

    def record(session: Session) -> None:
        for held, accuracy in zip(runs.claim(session, "worker", 60), accuracies, strict=True):
            runs.finish(session, held, {**RESULT, "test_accuracy": accuracy})

    database.transact(record)


def only_run(database: Database) -> RunRow:
    """The run, where there is one."""
    with database.read() as session:
        return session.scalars(select(RunRow)).one()


def until(condition: Callable[[], T | None], process: "subprocess.Popen[bytes] | None" = None) -> T:
    """Wait for a condition; what it gave.

    ``process`` is to bring it about: once that has ended, there is nothing to wait for.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        code = process.poll() if process else None  # before the condition: it may be its last deed
        if found := condition():
            return found
        assert code is None, f"the process has ended with exit code {code}, and it did not happen"
        assert time.monotonic() < deadline, f"it did not happen within {PATIENCE:g} s"
        time.sleep(0.05)
