import errno
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.local import LocalFileSystem
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.db import jobs, runs
from app.db.engine import Database
from app.db.models import ArchitectureRow, EpochRow, JobRow, ResultRow, RunRow
from app.db.types import database_time
from app.experiments.recipes import Recipe
from solver.network.architecture import Architecture
from solver.network.counting import count
from tests.factories import original, queued_job, until
from tests.pictures import write_folder
from tests.trainer.factories import SMALL_LAYERS, architecture, resnet8
from tests.workers import measures, settings_in
from trainer.datasets import load
from trainer.outcome import Outcome
from trainer.process import Ended, Paused, Progress, Task, TrainingProcess, ends_of
from trainer.worker import Worker

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where workers keep checkpoints."""
    monkeypatch.setattr("tests.trainer.test_worker.CHECKPOINTS", tmp_path / "checkpoints")
    return tmp_path / "checkpoints"


RESNET = Architecture.model_validate(resnet8(widths=(4, 8, 8)))
CHECKPOINTS = Path(os.devnull, "set by the fixture")  # nothing can be written there


def worker(database: Database, **changes: Any) -> Worker:
    usual = {"data_dir": Path("nowhere"), "checkpoints": str(CHECKPOINTS)}
    return Worker(database, settings_in(CHECKPOINTS.parent, **{**usual, **changes}))


def job_of(database: Database, id_: str) -> JobRow:
    with database.read() as session:
        return jobs.get(session, id_)


def rows(database: Database) -> list[RunRow]:
    with database.read() as session:
        return list(session.scalars(select(RunRow).order_by(RunRow.position)))


def number(database: Database, table: Any) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def working(sqlite_database: Database) -> Iterator[Worker]:
    """A worker that works in a thread until the test ends."""
    made = worker(sqlite_database)
    thread = threading.Thread(target=made.work)
    thread.start()
    yield made
    made.stop()
    thread.join()


def test_a_worker_trains_a_job_and_settles_its_results(database: Database) -> None:
    job = queued_job(database, seeds=2, variants=[0])

    worker(database).work(exit_when_idle=True)

    settled = job_of(database, job.id)
    assert settled.state == "succeeded"
    assert settled.results is not None
    assert settled.results.original.accuracy.n == 2
    assert settled.results.variants[0].variant_id == f"{job.search_id}-0"
    assert settled.results.mean_variant is not None
    assert settled.results.mean_variant.gain is not None
    assert number(database, ResultRow) == 4
    assert number(database, EpochRow) == 4 * 2


def test_a_worker_trains_rung_by_rung(sqlite_database: Database) -> None:
    job = queued_job(sqlite_database, seeds=1, variants=range(4), epochs=2, halving=(2, 1))

    worker(sqlite_database).work(exit_when_idle=True)

    settled = job_of(sqlite_database, job.id)
    assert settled.state == "succeeded"
    assert [rung.epochs for rung in settled.rungs] == [1, 2]
    assert len(settled.rungs[0].kept or ()) == 2
    assert sorted(row.state for row in rows(sqlite_database)) == [
        *["paused"] * 2,
        *["succeeded"] * 3,
    ]
    assert number(sqlite_database, EpochRow) == 2 + 4 + 2


def test_once_works_off_the_seeds_of_one_network(sqlite_database: Database) -> None:
    queued_job(sqlite_database, seeds=2, variants=[0])

    worker(sqlite_database).work(once=True)

    states = [row.state for row in rows(sqlite_database)]
    assert states == ["succeeded", "succeeded", "queued", "queued"]
    with sqlite_database.read() as session:
        environments = [row.environment for row in session.scalars(select(ResultRow))]
    assert [environment.seeds_at_once for environment in environments] == [(0, 1), (0, 1)]


def test_a_network_that_does_not_match_its_counts_is_not_trained(sqlite_database: Database) -> None:
    job = queued_job(sqlite_database, seeds=1)
    with sqlite_database.write() as session:
        session.execute(update(ArchitectureRow).values(params=1))

    worker(sqlite_database).work(exit_when_idle=True)

    (run,) = rows(sqlite_database)
    assert run.state == "failed"
    assert "2,972 parameters" in (run.error or "")
    assert job_of(sqlite_database, job.id).error == "1 of 1 runs failed (count mismatch)"


def test_a_data_set_that_is_not_there_fails_in_words(sqlite_database: Database) -> None:
    queued_job(sqlite_database, seeds=1, tag="imagenet")

    worker(sqlite_database).work(exit_when_idle=True)

    (run,) = rows(sqlite_database)
    assert run.state == "failed"
    assert "no data set 'imagenet'" in (run.error or "")


def test_a_stopped_worker_gives_its_run_back(working: Worker, sqlite_database: Database) -> None:
    queued_job(sqlite_database, seeds=1, epochs=10_000)
    until(lambda: number(sqlite_database, EpochRow))

    working.stop()

    until(lambda: rows(sqlite_database)[0].state == "queued")
    assert rows(sqlite_database)[0].lost == 0


def test_a_worker_whose_run_was_cancelled_stops_training_it(
    working: Worker, sqlite_database: Database
) -> None:
    long = queued_job(sqlite_database, seeds=1, epochs=10_000)
    short = queued_job(sqlite_database, seeds=1, epochs=1)
    until(lambda: number(sqlite_database, EpochRow))

    with sqlite_database.write() as session:
        jobs.cancel(session, long.id)

    until(lambda: job_of(sqlite_database, short.id).state == "succeeded")
    assert job_of(sqlite_database, long.id).state == "cancelled"
    assert number(sqlite_database, ResultRow) == 1


def test_a_worker_that_was_robbed_records_nothing(
    working: Worker, sqlite_database: Database
) -> None:
    queued_job(sqlite_database, seeds=1, epochs=10_000)
    until(lambda: number(sqlite_database, EpochRow))

    with sqlite_database.write() as session:
        session.execute(update(RunRow).values(lease_expires_at=database_time(-1)))
        (robber,) = runs.claim(session, "robber", 60)

    epochs = number(sqlite_database, EpochRow)
    time.sleep(1)
    (run,) = rows(sqlite_database)
    assert (run.worker, run.attempt, run.state) == ("robber", robber.attempt, "running")
    assert number(sqlite_database, EpochRow) == epochs
    assert number(sqlite_database, ResultRow) == 0


def test_a_training_process_that_is_killed_is_tried_again_and_not_for_ever(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued_job(sqlite_database, seeds=2)
    start = TrainingProcess.start
    killed: list[int] = []

    def start_and_kill(process: TrainingProcess, task: Task) -> None:
        start(process, task)
        if 0 in task.seeds.values():
            killed.append(len(task.seeds))
            process._process.kill()

    monkeypatch.setattr(TrainingProcess, "start", start_and_kill)
    worker(sqlite_database).work(exit_when_idle=True)

    first, second = rows(sqlite_database)
    assert killed == [2, 2, 1]
    assert len(killed) == runs.MAX_LOST
    assert (first.state, first.failure, second.state) == ("failed", "lost", "succeeded")
    assert "killed by SIGKILL" in (first.error or "")


@pytest.mark.parametrize(
    ("killed_at", "network"), [(1, original()), (2, original()), (4, original()), (2, RESNET)]
)
def test_a_run_killed_at_any_epoch_goes_on_and_ends_bit_equal(
    sqlite_database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    killed_at: int,
    network: Architecture,
) -> None:
    queued_job(sqlite_database, seeds=2, epochs=4, network=network)
    message = TrainingProcess.message
    told: list[int] = []

    def message_and_kill(process: TrainingProcess, seconds: float) -> Any:
        said = message(process, seconds)
        if isinstance(said, Progress):
            (number,) = {epochs[-1].number for epochs in said.epochs.values()}
            told.append(number)
            if told.count(killed_at) == 1 and number == killed_at:
                process._process.kill()
                raise process._last_words()  # what it said behind this is lost with it
        return said

    with monkeypatch.context() as patch:  # undone alone: the folder stays as the fixture set it
        patch.setattr(TrainingProcess, "message", message_and_kill)
        worker(sqlite_database).work(exit_when_idle=True)

    resumed = told[told.index(killed_at) + 1]
    assert resumed >= killed_at, "it began anew"
    assert [(row.state, row.attempt) for row in rows(sqlite_database)] == [("succeeded", 2)] * 2
    killed = measures(sqlite_database)
    with sqlite_database.write() as session:
        for table in (EpochRow, ResultRow):
            session.execute(delete(table))
        session.execute(update(RunRow).values(state="queued", epochs_done=0, finished_at=None))
    worker(sqlite_database, checkpoints=str(tmp_path / "elsewhere")).work(exit_when_idle=True)
    assert measures(sqlite_database) == killed


def test_checkpoints_go_when_their_runs_have_ended(sqlite_database: Database, folder: Path) -> None:
    queued_job(sqlite_database, seeds=2, variants=[0])

    worker(sqlite_database).work(exit_when_idle=True)

    assert list(folder.iterdir()) == []


def test_a_checkpoint_that_cannot_be_removed_stops_nobody(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: Any) -> None:
        raise PermissionError("not yours")

    queued_job(sqlite_database, seeds=1)
    monkeypatch.setattr(LocalFileSystem, "rm_file", refuse)

    worker(sqlite_database).work(exit_when_idle=True)

    assert [row.state for row in rows(sqlite_database)] == ["succeeded"]
    assert "could not be removed: not yours" in caplog.text


def test_a_run_that_diverges_fails_and_others_go_on(sqlite_database: Database) -> None:
    queued_job(sqlite_database, seeds=2)
    with sqlite_database.write() as session:
        row = session.scalars(select(RunRow).where(RunRow.position == 0)).one()
        row.recipe = {**row.recipe, "learning_rate": 1e30}
        row.stack = "alone"

    worker(sqlite_database).work(exit_when_idle=True)

    diverged, other = rows(sqlite_database)
    assert (diverged.state, diverged.failure, other.state) == ("failed", "diverged", "succeeded")
    assert (diverged.error or "").startswith("Training diverged in epoch 1 of 2: the loss is ")


def task(architecture: Architecture, checkpoints: Path, **changes: Any) -> Task:
    expected = count(architecture)
    settings: dict[str, Any] = {
        "architecture": architecture,
        "expected": expected,
        "dataset": "digits",
        "dataset_version": "1",
        "detail": None,
        "training_images": None,
        "recipe": Recipe(epochs=2),
        "seeds": {"a": 0, "b": 1},
        "until": 2,
        "stack": "stack",
        "attempt": "1",
        "data_dir": Path("nowhere"),
        "cache_dir": checkpoints,
        "checkpoints": str(checkpoints),
        "threads": 1,
        **changes,
    }
    return Task(**settings)


def test_a_folder_whose_last_batch_holds_one_image_is_trained_on_and_resumed(
    tmp_path: Path,
) -> None:
    """140 images are 101 for training, and the recipe's batches are of 100."""
    classes = [f"class-{number}" for number in range(10)]
    write_folder(tmp_path / "data", classes=classes, each=14)
    layers = [{"type": "global_avg_pool2d"}, {"type": "batch_norm2d"}, *SMALL_LAYERS[3:]]
    changes = {
        "dataset": "folder:shapes",
        "dataset_version": load("folder:shapes", tmp_path / "data").dataset.version,
        "data_dir": tmp_path / "data",
    }

    first = ends_of(task(architecture(layers), tmp_path, until=1, **changes), lambda _: None)
    second = ends_of(task(architecture(layers), tmp_path, **changes), lambda _: None)

    assert first == {"a": Paused(), "b": Paused()}
    assert all(isinstance(end, Outcome) for end in second.values())


def test_a_narrow_residual_network_is_trained_with_the_instructions_of_older_processors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """oneDNN chooses convolutions by the processor; some of those for AVX2 kill the process."""
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")  # read when a process first uses oneDNN
    process = TrainingProcess()

    def ended() -> Ended | None:
        message = process.message(1)  # raises if the process has died
        return message if isinstance(message, Ended) else None

    try:
        process.start(task(RESNET, tmp_path))
        last = until(ended)
    finally:
        process.kill()

    assert [type(end) for end in last.ends.values()] == [Outcome] * 2


def test_what_does_not_fit_the_memory_fails_in_words(tmp_path: Path) -> None:
    widths = (10**5, 10**7, 10)  # 4 terabytes between the first two
    linear = [{"type": "linear", "out_features": width} for width in widths]
    network = architecture([{"type": "flatten"}, *linear])

    ends = ends_of(task(network, tmp_path), tell=lambda _: None)

    assert [getattr(end, "kind", None) for end in ends.values()] == ["out_of_memory"] * 2
    assert "does not fit the memory" in str(ends["a"])


def test_a_full_disk_fails_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(LocalFileSystem, "pipe_file", full)
    ends = ends_of(task(architecture(), tmp_path), tell=lambda _: None)

    assert [getattr(end, "kind", None) for end in ends.values()] == ["no_space"] * 2
    assert "does not fit the disk of" in str(ends["a"])


def test_a_run_that_is_wanted_less_far_is_paused_and_resumed(tmp_path: Path) -> None:
    told: list[Progress] = []
    first = ends_of(task(architecture(), tmp_path, until=1), tell=told.append)
    second = ends_of(task(architecture(), tmp_path, attempt="2"), tell=told.append)

    assert first == {"a": Paused(), "b": Paused()}
    assert all(isinstance(end, Outcome) for end in second.values())
    assert [[epoch.number for epoch in said.epochs["a"]] for said in told] == [[1], [1], [2]]


def test_runs_at_different_epochs_are_trained_one_set_after_another(tmp_path: Path) -> None:
    told: list[Progress] = []
    ends_of(task(architecture(), tmp_path, seeds={"a": 0}, until=1), tell=lambda _: None)

    ends = ends_of(task(architecture(), tmp_path, attempt="2"), tell=told.append)

    assert {id_: end.seeds_at_once for id_, end in ends.items() if isinstance(end, Outcome)} == {
        "a": (0,),
        "b": (1,),
    }
    seen = [(id_, epochs[-1].number) for said in told for id_, epochs in said.epochs.items()]
    assert seen == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]


def break_reads(
    database: Database, monkeypatch: pytest.MonkeyPatch, is_away: Callable[[], bool]
) -> None:
    """Have the database fail whoever reads, as long as it is away."""
    read = database.read

    def refused() -> AbstractContextManager[Session]:
        if is_away():
            raise OperationalError("SELECT", {}, Exception("no server"))
        return read()

    monkeypatch.setattr(database, "read", refused)


def test_a_worker_waits_for_the_database_to_read_what_it_is_to_train(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued_job(sqlite_database, seeds=1)
    times = iter(range(4))

    with monkeypatch.context() as patch:
        break_reads(sqlite_database, patch, lambda: next(times, None) is not None)
        worker(sqlite_database).work(exit_when_idle=True)

    (run,) = rows(sqlite_database)
    assert next(times, None) is None
    assert (run.state, run.attempt) == ("succeeded", 1)


def test_a_worker_that_cannot_read_what_to_train_while_its_lease_lasts_works_on(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    queued_job(sqlite_database, seeds=1)

    with monkeypatch.context() as patch:
        break_reads(sqlite_database, patch, lambda: "database away" not in caplog.text)
        worker(sqlite_database, lease=3.0).work(exit_when_idle=True)

    (run,) = rows(sqlite_database)
    assert f"run {run.id}, attempt 1: database away; it was stopped" in caplog.messages
    assert (run.state, run.attempt, run.lost) == ("succeeded", 2, 1)


def test_a_worker_stops_while_it_waits_to_read_what_to_train(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    queued_job(sqlite_database, seeds=1)
    made = worker(sqlite_database)

    def is_away() -> bool:
        made.stop()
        return True

    with monkeypatch.context() as patch:
        break_reads(sqlite_database, patch, is_away)
        made.work()

    assert "stopped while the database was away; leases end by themselves (no server)" in (
        caplog.messages
    )


def test_a_run_that_cannot_be_read_fails_and_the_others_go_on(sqlite_database: Database) -> None:
    queued_job(sqlite_database, seeds=2)
    with sqlite_database.write() as session:
        first = session.scalars(select(RunRow).where(RunRow.position == 0)).one()
        first.recipe = {"name": "of a later version"}
        first.stack = "alone"

    worker(sqlite_database).work(exit_when_idle=True)

    unreadable, readable = rows(sqlite_database)
    assert (unreadable.state, readable.state) == ("failed", "succeeded")
    assert "cannot be read" in (unreadable.error or "")


def test_a_worker_that_was_robbed_while_its_process_died_works_on(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued_job(sqlite_database, seeds=1, variants=[0])
    start = TrainingProcess.start
    started: list[Task] = []

    def start_and_be_robbed(process: TrainingProcess, task: Task) -> None:
        start(process, task)
        started.append(task)
        if len(started) == 1:
            with sqlite_database.write() as session:
                mine = RunRow.state == "running"
                session.execute(update(RunRow).where(mine).values(attempt=9, worker="robber"))
            process._process.kill()

    monkeypatch.setattr(TrainingProcess, "start", start_and_be_robbed)
    worker(sqlite_database).work(exit_when_idle=True)

    robbed, own = rows(sqlite_database)
    assert (robbed.state, robbed.worker, robbed.lost) == ("running", "robber", 0)
    assert own.state == "succeeded"


def test_a_worker_that_was_robbed_of_one_seed_records_the_other(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued_job(sqlite_database, seeds=2)
    start = TrainingProcess.start

    def start_and_be_robbed(process: TrainingProcess, task: Task) -> None:
        start(process, task)
        with sqlite_database.write() as session:
            first = RunRow.position == 0
            session.execute(update(RunRow).where(first).values(attempt=9, worker="robber"))

    monkeypatch.setattr(TrainingProcess, "start", start_and_be_robbed)
    worker(sqlite_database).work(once=True)

    robbed, own = rows(sqlite_database)
    assert (robbed.state, robbed.worker, own.state) == ("running", "robber", "succeeded")
    assert number(sqlite_database, ResultRow) == 1
    with sqlite_database.read() as session:
        assert {epoch.run_id for epoch in session.scalars(select(EpochRow))} == {own.id}
