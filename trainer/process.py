"""The process that trains: it can be killed, and dies with the worker that started it.

It stays for many runs, so that PyTorch is loaded once and each data set is decoded once.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from app.experiments.failures import Failure
from app.experiments.recipes import Recipe
from app.schemas.environments import Environment
from solver.network.architecture import Architecture
from solver.network.counting import Counts
from trainer.outcome import Epoch, Outcome

if TYPE_CHECKING:
    from trainer.checkpoints import Snapshot
    from trainer.images import Images
    from trainer.weights import Weights


@dataclass(frozen=True)
class Origin:
    """Runs of an original, with whose final weights the runs of a task start.

    Attributes
    ----------
    seeds
        The seed of each run, by the run's id.
    stack
        The name that the runs' checkpoints have in common.
    """

    architecture: Architecture
    expected: Counts
    seeds: Mapping[str, int]
    stack: str


@dataclass(frozen=True)
class Task:
    """What to train: a network with some seeds, each of which is a run.

    Attributes
    ----------
    seeds
        The seed of each run, by the run's id.
    until
        The epoch to train to; the runs are paused there if the recipe has more.
    stack, attempt
        Checkpoints are stored under these names: ``stack`` is common to the runs, ``attempt`` is
        this attempt's own.
    expected
        The counts that the database holds.
    origin
        What the runs start with; ``None`` if they start anew.
    """

    architecture: Architecture
    expected: Counts
    dataset: str
    dataset_version: str
    detail: int | None
    training_images: int | None
    recipe: Recipe
    seeds: Mapping[str, int]
    until: int
    stack: str
    attempt: str
    data_dir: Path
    cache_dir: Path
    checkpoints: str
    threads: int
    origin: Origin | None = None


@dataclass(frozen=True)
class Failed:
    """Why a run cannot be done: in one word for programs, and in a sentence."""

    kind: Failure
    reason: str


@dataclass(frozen=True)
class Paused:
    """The run has reached its target epoch."""


End: TypeAlias = Outcome | Failed | Paused


@dataclass(frozen=True)
class Progress:
    """What epochs measured, and why the last one ended runs, both by run.

    ``device`` is what the runs are trained on, where that is told.
    """

    epochs: Mapping[str, Sequence[Epoch]]
    failures: Mapping[str, Failed]
    device: str | None = None

    def then(self, later: "Progress") -> "Progress":
        """Return this progress and a later one as one."""
        epochs = {
            id_: [*self.epochs.get(id_, ()), *later.epochs.get(id_, ())]
            for id_ in {**self.epochs, **later.epochs}
        }
        return Progress(epochs, {**self.failures, **later.failures})


@dataclass(frozen=True)
class Ended:
    """How each run ended that had not failed before."""

    ends: Mapping[str, End]


class DiedError(RuntimeError):
    """The process ended without an outcome; the text says how.

    ``out_of_memory`` tells whether a process was killed meanwhile because memory ran out.
    """

    def __init__(self, text: str, *, out_of_memory: bool = False) -> None:
        super().__init__(text)
        self.out_of_memory = out_of_memory


class Trainer(Protocol):
    """What trains the runs of an attempt, here or elsewhere; it can be ended at any time."""

    def start(self, task: Task) -> None:
        """Begin to train."""

    def message(self, seconds: float) -> Progress | Ended | None:
        """Return the next message; ``None`` if none comes within ``seconds``.

        Raises
        ------
        DiedError
            The training has ended.
        """

    def halt(self) -> Sequence[Progress | Ended]:
        """End the training, whatever it does; return messages that nobody has read."""

    def abort(self) -> None:
        """End the training from any thread, and tidy nothing up: this process ends too."""

    def kill(self) -> None:
        """End the training, whatever it does."""


class TrainingProcess:
    """A spawned process, started when it is first needed; it runs ``serve``."""

    def __init__(self, serve: Callable[[Connection], None] | None = None) -> None:
        self._serve = serve or _serve
        self._context = multiprocessing.get_context("spawn")
        self._process: Any = None
        self._connection: Connection | None = None
        self._killed_before = 0

    def start(self, task: Task) -> None:
        """Begin to train."""
        if self._connection is not None and not self._process.is_alive():
            self.kill()
        if self._connection is None:
            connection, other = self._context.Pipe()
            self._process = self._context.Process(target=self._serve, args=(other,), daemon=True)
            self._process.start()
            self._connection = connection
            other.close()
        self._killed_before = _killed_for_memory()
        self._connection.send(task)

    def message(self, seconds: float) -> Progress | Ended | None:
        """Return the next message; ``None`` if none comes within ``seconds``.

        Raises
        ------
        DiedError
            The training has ended.
        """
        assert self._connection is not None, "nothing was started"
        try:
            if not self._connection.poll(seconds):
                return None
            message: Progress | Ended = self._connection.recv()
        except (EOFError, OSError) as ended:
            raise self._last_words() from ended
        return message

    def _last_words(self) -> DiedError:
        self._process.join(5)
        code = self._process.exitcode
        self.kill()
        if code is None or code >= 0:
            return DiedError(f"the training process ended by itself (exit code {code})")
        if code == -signal.SIGKILL and _killed_for_memory() > self._killed_before:
            text = "the kernel killed the training process, since memory ran out"
            return DiedError(text, out_of_memory=True)
        return DiedError(f"the training process was killed by {signal.Signals(-code).name}")

    def halt(self) -> list[Progress | Ended]:
        """End the training, whatever it does; return messages that nobody has read."""
        assert self._connection is not None, "nothing was started"
        self._process.kill()
        self._process.join()
        unheard: list[Progress | Ended] = []
        with suppress(EOFError, OSError):  # its last message may be cut short
            while self._connection.poll(0):
                unheard.append(self._connection.recv())
        self.kill()
        return unheard

    def abort(self) -> None:
        """Kill the process from any thread, and tidy nothing up: this process ends too."""
        process = self._process
        with suppress(AttributeError, ValueError, OSError):  # it was just being started, or closed
            process.kill()

    def kill(self) -> None:
        """End the training, whatever it does."""
        if self._connection is None:
            return
        self._process.kill()
        self._process.join()
        self._connection.close()
        self._connection = None


def _killed_for_memory() -> int:
    """Return how many processes the kernel killed because memory ran out; 0 if it does not tell."""
    with suppress(OSError):
        for line in Path("/proc/vmstat").read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0


def _serve(connection: Connection) -> None:
    """Train one task after another, until the worker is gone."""
    from app import logs
    from app.config import settings
    from solver.processes.priority import step_back
    from trainer.memory import keep_freed_memory

    step_back(os.getpid())
    logs.set_up(settings().log_format)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the worker, which decides
    threading.Thread(target=_die_with_the_worker, daemon=True).start()
    keep_freed_memory()
    with suppress(EOFError, OSError):
        while True:
            task = connection.recv()
            connection.send(Ended(ends_of(task, connection.send)))


def _die_with_the_worker() -> None:
    worker = multiprocessing.parent_process()
    assert worker is not None
    wait([worker.sentinel])
    os._exit(1)


def ends_of(task: Task, tell: Callable[[Progress], None]) -> Mapping[str, End]:
    """Do a task, and return how its runs ended; errors are outcomes, so that other tasks go on."""
    from trainer.errors import RunFailed

    try:
        return _trained(task, tell)
    except RunFailed as failed:
        failure = Failed(failed.kind, str(failed))
    except (BrokenPipeError, ConnectionError):
        raise
    except Exception as unexpected:
        failure = _unexpected(unexpected)
    return dict.fromkeys(task.seeds, failure)


def _unexpected(error: Exception) -> Failed:
    from torch import OutOfMemoryError

    text = f"{type(error).__name__}: {error}"
    lacking = isinstance(error, MemoryError | OutOfMemoryError) or "can't allocate memory" in text
    if lacking:
        reason = f"The network does not fit the memory, with its images and its seeds ({text})"
        return Failed("out_of_memory", reason)
    return Failed("error", text)


def _trained(task: Task, tell: Callable[[Progress], None]) -> Mapping[str, End]:
    """Build, check and train; runs at different epochs are trained one set after another."""
    from trainer.checkpoints import Checkpoints
    from trainer.datasets import load
    from trainer.images import fitted
    from trainer.networks import build, check_counts
    from trainer.warm import starts_of

    check_counts(build(task.architecture), task.architecture, task.expected)
    source = load(task.dataset, task.data_dir, task.cache_dir, task.dataset_version)
    images = fitted(
        source, task.architecture, detail=task.detail, training_images=task.training_images
    )
    checkpoints = Checkpoints(task.checkpoints)
    snapshots = checkpoints.load(task.stack, task.seeds)
    sets: dict[int, dict[str, Snapshot | None]] = {}
    for id_ in task.seeds:
        snapshot = snapshots.get(id_)
        sets.setdefault(snapshot.last.number if snapshot else 0, {})[id_] = snapshot
    ends: dict[str, End] = {}
    starts: Mapping[int, Weights] = {}
    if task.origin is not None and 0 in sets:
        starts, failed = starts_of(task, task.origin, sets[0])
        ends |= failed
        sets[0] = {id_: None for id_ in sets[0] if id_ not in failed}
    for together in filter(None, sets.values()):
        ends |= _train_set(task, images, checkpoints, together, starts, tell)
    return ends


def _train_set(
    task: Task,
    images: "Images",
    checkpoints: Any,
    together: "Mapping[str, Snapshot | None]",
    starts: "Mapping[int, Weights]",
    tell: Callable[[Progress], None],
) -> Mapping[str, End]:
    """Train runs that are at the same epoch, together."""
    import torch

    from trainer.train import Training, best_device, device_name, outcomes, train

    torch.set_num_threads(task.threads)
    runs = {task.seeds[id_]: id_ for id_ in together}
    training = Training(
        task.architecture,
        images,
        task.recipe,
        seeds=list(runs),
        device=best_device(),
        starts=starts,
    )
    device = device_name(training.device)
    resumed = {task.seeds[id_]: snapshot for id_, snapshot in together.items() if snapshot}
    if resumed:
        training.resume(resumed)
        measured = {runs[seed]: epochs for seed, epochs in training.epochs.items()}
        tell(Progress(measured, {}, device))

    def on_epoch(epochs: Mapping[int, Epoch]) -> None:
        kept = {runs[seed]: snapshot for seed, snapshot in training.snapshots().items()}
        checkpoints.save(task.stack, f"{next(iter(runs.values()))}.{task.attempt}", kept)
        failures = {
            runs[seed]: Failed(error.kind, str(error)) for seed, error in training.failures.items()
        }
        tell(Progress({runs[seed]: [epoch] for seed, epoch in epochs.items()}, failures, device))

    train(training, task.until, on_epoch)
    if task.until < task.recipe.epochs:
        return {id_: Paused() for seed, id_ in runs.items() if seed not in training.failures}
    return {runs[seed]: outcome for seed, outcome in outcomes(training, task.threads).items()}


def epoch_row(epoch: Epoch) -> dict[str, Any]:
    """Return an epoch as the database stores it."""
    fields = asdict(epoch)
    return {"epoch": fields.pop("number"), **fields}


def result_row(outcome: Outcome) -> Mapping[str, Any]:
    """Return an outcome as the database stores it: measures, and the environment they came from."""
    fields = asdict(outcome)
    environment = Environment(**{name: fields.pop(name) for name in Environment.model_fields})
    return {"environment": environment, **fields}
