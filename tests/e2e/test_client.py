"""The main job through the Python client, with a real server, which is killed now and then."""

import asyncio
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from app.client import (
    AsyncClient,
    Client,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    Search,
    UnauthorizedError,
)
from app.db.engine import Database
from app.db.models import JobRow, SearchRow
from app.keys import Scope
from app.schemas.jobs import JobView
from app.services import keys
from app.shipped import example
from tests.e2e.processes import Restartable, working

TERMS: dict[str, Any] = {"ranges": {"resolution": (6, 8)}, "limit": 300}
TRAINING: dict[str, Any] = {"variants": 3, "seeds": 2, "epochs": 30}
RUNS = 8


def searched(client: Client) -> Search:
    client.wait_until_ready()
    return client.search(example("digits-architecture"), "IV", "params", **TERMS)


def test_the_main_job_goes_through_though_the_server_is_killed_between_its_runs(
    database: Database, tmp_path: Path
) -> None:
    with (
        Restartable(database, tmp_path / "log") as service,
        Client(service.url) as client,
        working(database, tmp_path),
    ):
        search = searched(client)
        job = client.train(search, "digits", **TRAINING)
        told = []
        for run in job.follow():
            told.append(run)
            if len(told) in (1, 3):
                service.restart()

        assert job.state == "succeeded"
        assert len({run.run_id for run in told}) == len(told) == RUNS
        assert {run.state for run in told} == {"succeeded"}
        assert job.results.selected.variant_id in {run.network for run in told}
        assert {run.id for run in job.runs()} == {run.run_id for run in told}
        assert len(job.to_pandas()) == RUNS
        assert len({variant.id for variant in search.variants("-resolution")}) == 300


def test_a_wait_outlasts_a_server_that_is_killed(sqlite_database: Database, tmp_path: Path) -> None:
    with (
        Restartable(sqlite_database, tmp_path / "log") as service,
        Client(service.url, retries=0) as client,
        ExitStack() as later,
    ):
        job = client.train(searched(client), "digits", **TRAINING)
        looks: list[JobView] = []

        def show(view: JobView) -> None:
            looks.append(view)
            if len(looks) in (1, 3):
                service.restart()
            if len(looks) == 3:  # not sooner, or the job may end before the server is there again
                later.enter_context(working(sqlite_database, tmp_path))

        assert job.wait(progress=show).state == "succeeded"
        assert job.progress.runs_done == RUNS
        assert len(looks) >= 3


def test_what_is_asked_for_while_the_server_starts_again_is_made_once(
    sqlite_database: Database, tmp_path: Path
) -> None:
    with (
        Restartable(sqlite_database, tmp_path / "log") as service,
        Client(service.url, retries=12) as client,
    ):
        search = searched(client)
        service.restart()
        again = client.search(search.original.id, "II", "flops", ranges={"resolution": (6, 8)})
        service.restart()
        job = client.train(search, "digits", seeds=1)
        service.restart()
        assert job.cancel().state == "cancelled"
        assert again.has_ended
    with sqlite_database.read() as session:
        assert session.scalar(select(func.count()).select_from(SearchRow)) == 2
        assert session.scalar(select(func.count()).select_from(JobRow)) == 1


def test_an_event_loop_follows_two_jobs_at_once_though_the_server_is_killed(
    sqlite_database: Database, tmp_path: Path
) -> None:
    async def followed(client: AsyncClient, search: Any, seeds: int) -> list[str]:
        job = await client.train(search, "digits", variants=1, seeds=seeds, epochs=30)
        told = [run.run_id async for run in job.follow()]
        assert job.state == "succeeded"
        return told

    async def main(service: Restartable) -> None:
        async with AsyncClient(service.url, retries=20) as client:
            await client.wait_until_ready()
            search = await client.search(example("digits-architecture"), **TERMS)
            both = asyncio.gather(followed(client, search, 1), followed(client, search, 2))
            await asyncio.sleep(1)
            service.restart()
            first, second = await both
            assert len(set(first)) == 2
            assert len(set(second)) == 4
            names = [variant.id async for variant in search.variants()]
            assert len(names) == 300

    with (
        Restartable(sqlite_database, tmp_path / "log") as service,
        working(sqlite_database, tmp_path),
    ):
        asyncio.run(main(service))


def test_a_search_that_is_refused_says_each_fault(
    sqlite_database: Database, tmp_path: Path
) -> None:
    with Restartable(sqlite_database, tmp_path / "log") as service, Client(service.url) as client:
        client.wait_until_ready()
        body = example("digits-architecture")
        body["layers"][0]["kernel_size"] = 7
        with pytest.raises(InvalidError, match="kernel 7 does not fit its 5×5 input") as refused:
            client.search(body, "IV", "weights")  # type: ignore[arg-type]
        assert {fault.pointer for fault in refused.value.errors} == {
            "#/architecture/layers/0/kernel_size",
            "#/budget",
        }
        with pytest.raises(NotFoundError):
            client.job("none")
        search = client.search(example("digits-architecture"), **TERMS)
        search.delete()
        with pytest.raises(NotFoundError):
            search.refresh()


def test_a_key_opens_what_its_scope_allows(sqlite_database: Database, tmp_path: Path) -> None:
    scopes: tuple[Scope, Scope] = ("read", "write")
    reading, writing = (keys.create(sqlite_database, it, it, None)[0] for it in scopes)
    with Restartable(sqlite_database, tmp_path / "log", require_key="always") as service:
        with Client(service.url) as client:
            client.wait_until_ready()
            with pytest.raises(UnauthorizedError):
                client.datasets()
        with Client(service.url, reading) as client:
            assert client.datasets()
            with pytest.raises(ForbiddenError):
                client.search(example("digits-architecture"))
        with Client(service.url, writing) as client:
            assert client.search(example("digits-architecture"), **TERMS).found


def test_a_client_that_asks_too_often_is_slowed_down_and_not_stopped(
    sqlite_database: Database, tmp_path: Path
) -> None:
    settings = {"require_key": "always", "rate_limit": "5/second"}
    key = keys.create(sqlite_database, "busy", "write", None)[0]
    with (
        Restartable(sqlite_database, tmp_path / "log", **settings) as service,
        Client(service.url, key, retries=20) as client,
    ):
        client.wait_until_ready()
        for _ in range(20):
            assert client.datasets()
