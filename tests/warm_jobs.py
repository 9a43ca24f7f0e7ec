"""Jobs whose variants start from the trained weights of their original."""

from collections.abc import Sequence
from pathlib import Path

from app.db.engine import Database
from app.db.models import RunRow
from app.schemas.requests import JobRequest, NamedSelection
from app.services import jobs
from tests.factories import solved_search


def search(database: Database) -> str:
    """The example's search, with the first twenty variants. Returns its id."""
    with database.write() as session:
        return solved_search(session, limit=20).id


def ask(database: Database, folder: Path, search_id: str, variants: Sequence[int]) -> list[RunRow]:
    """Ask for some variants of a search, with a warm start. Returns the job's runs."""
    request = JobRequest(
        search_id=search_id,
        dataset="digits",
        variants=NamedSelection(ids=[f"{search_id}-{position}" for position in variants]),
        seeds=2,
        recipe={"name": "fast", "epochs": 2, "warm_start": True},
    )
    job = jobs.create(database, request, None, folder)
    ids = [run.id for run in jobs.runs(database, job, None, 100)[0].items]
    with database.read() as session:
        return [session.get_one(RunRow, id_) for id_ in ids]
