"""A study that is killed again and again ends as one that nobody disturbs."""

import csv
import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from app.client import Client, ConnectionFailedError
from app.client.blocking.studying import Study
from app.db.engine import Database
from app.db.schema import migrate
from tests.chaos.cluster import cluster
from tests.e2e.processes import Restartable, serving, working
from tests.factories import PATIENCE, until
from tests.studies import body

REQUEST: Final = body(epochs=3, controls=["upsampled", "retrained", "same_resolution"])
DIFFERS: Final = ("seconds", "worker", "attempt")
"""Columns of the table that tell when and where a run was trained."""
LEASE: Final = 6.0
"""Long enough to be kept on a busy machine; it ends while what was killed starts anew."""


def without_times(value: Any) -> Any:
    """A document without what differs between two machines: how long training took."""
    if isinstance(value, dict):
        return {key: without_times(it) for key, it in value.items() if key != "seconds"}
    return [*map(without_times, value)] if isinstance(value, list) else value


def report(study: Study) -> Any:
    """All that a study found, but for times."""
    document = study.view.model_dump(mode="json")
    lines = csv.DictReader(io.StringIO(study.results_csv().decode()))
    rows = [{name: it for name, it in row.items() if name not in DIFFERS} for row in lines]
    names = ("state", "plan_hash", "plan", "grid", "feasibility", "cells", "verdict", "notes")
    return {name: without_times(document[name]) for name in names} | {"rows": rows}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The report of a study that nobody disturbs."""
    folder = tmp_path_factory.mktemp("undisturbed")
    database = Database(f"sqlite:///{folder / 'isobudget.sqlite'}")
    migrate(database)
    with serving(database) as http, working(database, folder), Client(f"{http.base_url}") as client:
        found = report(client.study_request(REQUEST).wait(timeout=PATIENCE))
    database.close()
    return found


def reaches(study: Study, condition: Callable[[Study], bool]) -> bool:
    try:
        return condition(study.refresh())
    except ConnectionFailedError:
        return False


def when(study: Study, condition: Callable[[Study], bool]) -> None:
    until(partial(reaches, study, condition))


def test_killing_everything_in_the_middle_of_a_study_changes_nothing_in_its_report(
    database: Database, tmp_path: Path, undisturbed: Any
) -> None:
    log = tmp_path / "server.log"
    with Restartable(database, log, lease=LEASE) as server, Client(server.url) as client:
        client.wait_until_ready()
        study = client.study_request(REQUEST)
        when(study, lambda it: it.state == "running")
        server.restart()
        when(study, lambda it: it.phase != "counting")
        server.restart()
        for runs in (4, 12):
            with working(database, tmp_path, lease=LEASE):
                when(study, lambda it: it.progress.runs_done >= runs)  # noqa: B023
                server.restart()
        with working(database, tmp_path, lease=LEASE):
            study.wait(timeout=PATIENCE)

        assert report(study) == undisturbed


@pytest.mark.postgres
def test_a_database_that_crashes_with_everything_else_changes_nothing_either(
    tmp_path: Path, undisturbed: Any
) -> None:
    log = tmp_path / "server.log"
    with cluster() as own:
        own.start()
        database = Database(own.url)
        migrate(database)
        database.close()
        with Restartable(database, log, lease=LEASE) as server, Client(server.url) as client:
            client.wait_until_ready()
            study = client.study_request(REQUEST)
            with working(database, tmp_path, lease=LEASE):
                when(study, lambda it: it.progress.runs_done >= 4)
                own.crash()
            server.restart()
            own.start()
            with working(database, tmp_path, lease=LEASE):
                study.wait(timeout=PATIENCE)

            assert report(study) == undisturbed
