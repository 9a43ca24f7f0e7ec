"""The process that trains: it can be killed, and dies with the worker that started it.

It stays for many runs, so that PyTorch is loaded and a data set decoded once.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from app.catalogue import Recipe
from solver.architecture import Architecture
from solver.counting import Counts
from trainer.outcome import Epoch, Outcome


@dataclass(frozen=True)
class Task:
    """What to train; ``expected`` are the counts that the database holds."""

    architecture: Architecture
    expected: Counts
    dataset: str
    data_dir: Path
    cache_dir: Path | None
    recipe: Recipe
    seed: int
    threads: int


@dataclass(frozen=True)
class Failure:
    """A run that cannot be done, and why."""

    reason: str


class DiedError(RuntimeError):
    """The process ended without an outcome; the text says how."""


class TrainingProcess:
    """A spawned process, started when it is first needed."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._process: Any = None
        self._connection: Connection | None = None

    def start(self, task: Task) -> None:
        """Begin to train."""
        if self._connection is not None and not self._process.is_alive():
            self.kill()
        if self._connection is None:
            self._connection, other = self._context.Pipe()
            self._process = self._context.Process(target=_serve, args=(other,), daemon=True)
            self._process.start()
            other.close()
        self._connection.send(task)

    def message(self, seconds: float) -> Epoch | Outcome | Failure | None:
        """What it says next; ``None`` if it says nothing for some seconds.

        Raises
        ------
        DiedError
            It has ended.
        """
        assert self._connection is not None, "nothing was started"
        try:
            if not self._connection.poll(seconds):
                return None
            message: Epoch | Outcome | Failure = self._connection.recv()
        except (EOFError, OSError) as ended:
            raise DiedError(self._last_words()) from ended
        return message

    def _last_words(self) -> str:
        self._process.join(5)
        code = self._process.exitcode
        self.kill()
        if code is not None and code < 0:
            name = signal.Signals(-code).name
            hint = "; the kernel does so when memory runs out" if name == "SIGKILL" else ""
            return f"the training process was killed by {name}{hint}"
        return f"the training process ended by itself (exit code {code})"

    def kill(self) -> None:
        """End it, whatever it does."""
        if self._connection is None:
            return
        self._process.kill()
        self._process.join()
        self._connection.close()
        self._connection = None


def _serve(connection: Connection) -> None:
    """Train one task after another, until the worker is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the worker, which decides
    threading.Thread(target=_die_with_the_worker, daemon=True).start()
    with suppress(EOFError, OSError):
        while True:
            connection.send(_train(connection.recv(), connection))


def _die_with_the_worker() -> None:
    worker = multiprocessing.parent_process()
    assert worker is not None
    wait([worker.sentinel])
    os._exit(1)


def _train(task: Task, connection: Connection) -> Outcome | Failure:
    from trainer.datasets import load
    from trainer.errors import RunFailed
    from trainer.networks import build, check_counts
    from trainer.train import best_device, train

    try:
        check_counts(build(task.architecture), task.architecture, task.expected)
        return train(
            task.architecture,
            load(task.dataset, task.data_dir, task.cache_dir),
            task.recipe,
            seed=task.seed,
            threads=task.threads,
            device=best_device(),
            on_epoch=connection.send,
        )
    except RunFailed as failed:
        return Failure(str(failed))
    except OSError:
        raise
    except Exception as unexpected:  # told to the user; other runs go on
        return Failure(f"{type(unexpected).__name__}: {unexpected}")


def epoch_row(epoch: Epoch) -> dict[str, Any]:
    """An epoch, as the database keeps it."""
    fields = asdict(epoch)
    return {"epoch": fields.pop("number"), **fields}


def result_row(outcome: Outcome) -> Mapping[str, Any]:
    """An outcome, as the database keeps it: measures, and the environment to repeat it in."""
    environment = ("seed", "threads", "device", "versions")
    fields = asdict(outcome)
    return {"environment": {name: fields.pop(name) for name in environment}, **fields}
