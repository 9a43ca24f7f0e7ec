"""Rows and requests with good defaults."""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy.orm import Session

import examples
from app.catalogue import content_id
from app.db import architectures, jobs, searches
from app.db.engine import Database
from app.db.models import JobRow, SearchRow
from app.recipes import Recipe
from app.services.requests import SearchRequest
from app.services.searches import understood
from solver.architecture import Architecture
from solver.problem import SolveRequest
from solver.search import solve
from solver.variants import Answer

RESULT: dict[str, Any] = {
    "test_accuracy": 0.5,
    "validation_accuracy": 0.5,
    "seconds": 1.0,
    "test_correct": b"\x0f",
    "environment": {"seed": 0},
}


def original() -> Architecture:
    return Architecture.model_validate(examples.load("digits-architecture"))


def search_body(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = examples.load("digits-search")
    return {**body, **changes}


def queued_search(session: Session, **changes: Any) -> SearchRow:
    request = SearchRequest.model_validate(search_body(**changes))
    assert request.architecture is not None
    architectures.add(session, request.architecture)
    return searches.create(
        session, request.architecture.id, understood(request, request.architecture)
    )


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
) -> list[jobs.Need]:
    """Runs of one architecture, as if it were the original and the variants."""
    networks = [jobs.Network(architecture.id, architecture.input.resolution)]
    networks += [
        jobs.Network(architecture.id, architecture.input.resolution, position)
        for position in variants
    ]
    found: list[jobs.Need] = []
    for network in networks:
        for seed in range(seeds):
            identity = {
                "architecture_id": network.architecture_id,
                "dataset": tag,
                "dataset_version": "1",
                "resolution": network.resolution,
                "recipe": Recipe(epochs=epochs).model_dump(mode="json"),
                "seed": seed,
            }
            id_ = content_id([identity, network.variant])
            found.append(jobs.Need(network, {"id": id_, "position": len(found), **identity}))
    return found


def queued_job(
    database: Database,
    seeds: int = 2,
    variants: Sequence[int] = (),
    tag: str = "digits",
    epochs: int = 2,
) -> JobRow:
    """A job of the example's search, with a run for each network and seed."""
    with database.write() as session:
        rows, _ = searches.newest(session, None, 1)
        search = rows[0] if rows else solved_search(session, limit=20)
        request = {"epochs": epochs, "notes": [], "dataset": tag, "seeds": seeds}
        wanted = needs(original(), seeds, variants, tag, epochs)
        return jobs.create(session, search.id, request, wanted)
