"""Ray: stacks of runs are trained as tasks of a cluster, each by itself.

Ray places tasks and carries what they say, nothing else: what is to be trained, by whom and with
what result stays in the database. A task is never retried by Ray, since another attempt would not
hold the lease. Whatever asks Ray is held to its time: without its head, Ray may never answer.
"""

import importlib.util
import logging
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from queue import Empty, SimpleQueue
from textwrap import shorten
from typing import Any, Final

from trainer.engines.calls import Call, EngineLostError, bounded
from trainer.engines.capacity import Ask, Resources, largest
from trainer.process import DiedError, Ended, Progress, Task, ends_of

logger = logging.getLogger(__name__)

Serve = Callable[[Task], Iterator[Progress | Ended]]
"""What a task does: it says how it goes on, and at last how it ended."""

CONNECT_SECONDS: Final = 30.0
KNOCK_SECONDS: Final = 5.0
LOST_SECONDS: Final = 10.0
"""Without an answer, the cluster is lost."""
CANCEL_SECONDS: Final = 2.0
CLOSE_SECONDS: Final = 2.0
LOOK_SECONDS: Final = 0.5
REMEDY: Final = (
    "start a cluster with `ray start --head`, have this machine join one with "
    "`ray start --address=HEAD:6379`, or name another with --address"
)


def is_installed() -> bool:
    """Whether Ray can be used on this machine."""
    return importlib.util.find_spec("ray") is not None


def train(task: Task) -> Iterator[Progress | Ended]:
    """Train in a process of Ray's, which stays for more; folders are those of its node."""
    _hide_gpus_of_others()
    from app import logs
    from app.config import settings
    from trainer.memory import keep_freed_memory

    logs.set_up(settings().log_format)
    keep_freed_memory()
    own = replace(task, data_dir=settings().data_dir, cache_dir=settings().cache_dir)
    yield Progress({}, {})  # it has a place, and begins
    said: SimpleQueue[Progress | Ended] = SimpleQueue()
    trained = Call(lambda: said.put(Ended(ends_of(own, said.put))))
    while True:
        try:
            message = said.get(timeout=LOOK_SECONDS)
        except Empty:
            with suppress(TimeoutError):
                trained.result(0)  # it raises what ended the thread
            continue
        yield message
        if isinstance(message, Ended):
            return


def _hide_gpus_of_others() -> None:
    """Let a task that was promised no GPU see none: Ray would let it see all of its node's."""
    import ray

    if not ray.get_gpu_ids():
        os.environ["CUDA_VISIBLE_DEVICES"] = ""


class Cluster:
    """A running Ray cluster that this machine is part of.

    ``serve`` is what its tasks do, where that is not :func:`train`.

    Raises
    ------
    EngineLostError
        It cannot be reached, or does not answer.
    """

    def __init__(self, address: str, ask: Ask, serve: Serve | None = None) -> None:
        self._ask = ask
        self._serve = serve or train
        self._asked: Call[tuple[list[Resources], Resources]] | None = None
        self._is_too_small = False
        _connect(address)

    @cached_property
    def _function(self) -> Any:
        import ray

        options = {"num_cpus": self._ask.cpus, "num_gpus": self._ask.gpus}
        # Not by .options(): only so does Ray start a new process for each task that has a GPU.
        return ray.remote(num_returns="streaming", max_retries=0, **options)(self._serve)

    def task(self) -> "RayTask":
        """A task that was not started yet."""
        return RayTask(self._function.remote)

    def free(self, held: int, waiting: int) -> int:
        """How many more tasks would be started at once, beside those of ours that there are.

        Of these, some are waiting: what is free just now may still go to them.

        Raises
        ------
        EngineLostError
            The cluster has not answered for long.
        """
        asked = self._asked = self._asked or Call(_resources)
        try:
            nodes, available = asked.result(LOOK_SECONDS)
        except TimeoutError as late:
            if asked.seconds < LOST_SECONDS:
                return 0
            text = f"the Ray cluster is lost: it has not answered for {LOST_SECONDS:g} s"
            raise EngineLostError(text) from late
        except EngineLostError:
            raise
        except Exception as error:
            raise EngineLostError(f"the Ray cluster is lost: {_in_a_line(error)}") from error
        self._asked = None
        return max(0, min(self._places(nodes) - held, self._ask.fits(available) - waiting))

    def _places(self, nodes: Sequence[Resources]) -> int:
        places = sum(map(self._ask.places, nodes))
        if not places and not self._is_too_small:
            logger.warning(
                "no node of the Ray cluster can hold a task, which takes %s: the largest has %s; "
                "nothing is claimed until one can",
                self._ask,
                largest(nodes),
            )
        self._is_too_small = not places
        return places

    def close(self) -> None:
        """Leave the cluster, as well as that can be done in a moment."""
        import ray

        with suppress(Exception):
            bounded(ray.shutdown, CLOSE_SECONDS, "disconnect")


class RayTask:
    """One task of a cluster, which trains the runs of one attempt.

    A thread of its own begins it and hears it, so that nothing here waits for Ray.
    """

    def __init__(self, remote: Callable[[Task], Any]) -> None:
        self._remote = remote
        self._said: SimpleQueue[Progress | Ended | DiedError] = SimpleQueue()
        self._generator: Any = None
        self._is_killed = False
        self.has_begun = False

    def start(self, task: Task) -> None:
        """Begin to train, once a node has room."""
        self._hearing = threading.Thread(target=self._hear, args=(task,), daemon=True)
        self._hearing.start()

    def _hear(self, task: Task) -> None:
        import ray

        try:
            self._generator = self._remote(task)
            if self._is_killed:  # before there was anything to be cancelled
                ray.cancel(self._generator, force=True)
            for reference in self._generator:
                self.has_begun = True
                self._said.put(ray.get(reference))
            self._said.put(DiedError("the Ray task ended without an outcome"))
        except Exception as error:
            self._said.put(death(error))
            with suppress(Exception):  # it may live, although it is not heard any more
                ray.cancel(self._generator, force=True)

    def message(self, seconds: float) -> Progress | Ended | None:
        """What it says next; ``None`` if it says nothing for some seconds.

        Raises
        ------
        DiedError
            It has ended.
        """
        try:
            message = self._said.get(timeout=seconds)
        except Empty:
            return None
        if isinstance(message, DiedError):
            raise message
        return message

    def halt(self) -> Sequence[Progress | Ended]:
        """End it, whatever it does; what it had said that nobody has heard."""
        self.kill()
        self._hearing.join(CANCEL_SECONDS)
        unheard: list[Progress | Ended] = []
        with suppress(Empty, DiedError):
            while message := self.message(0):
                unheard.append(message)
        return unheard

    def abort(self) -> None:
        """Nothing: Ray ends the tasks of a process that ends."""

    def kill(self) -> None:
        """End it, whatever it does; where Ray does not answer, it ends with this process."""
        import ray

        self._is_killed = True
        generator = self._generator
        if generator is not None:
            try:
                bounded(lambda: ray.cancel(generator, force=True), CANCEL_SECONDS, "cancel a task")
            except Exception as error:
                logger.warning("%s; it ends with this process", _in_a_line(error))


def death(error: Exception) -> DiedError:
    """What became of a task, from what Ray raised instead of what it said."""
    from ray import exceptions

    match error:
        case exceptions.OutOfMemoryError():
            text = "Ray killed the training process, since its node's memory ran out"
            return DiedError(text, out_of_memory=True)
        case exceptions.NodeDiedError():
            return DiedError("the Ray node that trained it died")
        case exceptions.WorkerCrashedError():
            return DiedError("the training process on a Ray node was killed")
        case exceptions.TaskCancelledError():
            return DiedError("the Ray task was cancelled")
        case exceptions.ObjectLostError():
            return DiedError("what the training process said was lost, with its Ray node")
        case exceptions.RayTaskError():
            return DiedError(f"the Ray task failed: {_in_a_line(error.cause)}")
    return DiedError(f"Ray did not train it: {_in_a_line(error)}")


def _connect(address: str) -> None:
    named = os.environ.get("RAY_ADDRESS", address) if address == "auto" else address
    _knock(named)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"  # never start a cluster, only since it is asked
    import ray

    _log_as_we_do()
    try:
        bounded(
            lambda: ray.init(
                address=address,
                namespace="isobudget",
                log_to_driver=False,
                configure_logging=False,
                logging_level=logging.ERROR,
            ),
            CONNECT_SECONDS,
            f"connect to {address}",
        )
    except EngineLostError as lost:
        raise EngineLostError(f"{lost}. Remedy: {REMEDY}") from lost
    except Exception as error:
        text = f"no Ray cluster at {address}: {_in_a_line(error)}. Remedy: {REMEDY}"
        raise EngineLostError(text) from error


def _knock(address: str) -> None:
    """See whether anything listens: Ray itself would take minutes to say that nothing does."""
    if "://" in address:
        raise EngineLostError(f"{address} (RAY_ADDRESS) is no HOST:PORT. Remedy: {REMEDY}")
    try:
        _call_on(address)
    except OSError as error:
        text = f"no Ray cluster answers at {address} ({error}). Remedy: {REMEDY}"
        raise EngineLostError(text) from error


def _call_on(address: str) -> None:
    host, _, port = address.rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), KNOCK_SECONDS).close()


def _log_as_we_do() -> None:
    """Have Ray's errors in our log, and drop what it prints about processes of its nodes."""
    log = logging.getLogger("ray")
    log.handlers.clear()
    log.propagate = True
    log.setLevel(logging.ERROR)
    sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - until this process ends


def log_what_is_printed() -> None:
    """From now on, log what this process prints to standard error, as C++ does, line by line."""
    own = os.fdopen(os.dup(2), "w", buffering=1)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(own)
    reading, writing = os.pipe()
    os.dup2(writing, 2)
    os.close(writing)
    threading.Thread(target=_log_lines, args=(reading,), daemon=True).start()


def _log_lines(printed: int) -> None:
    with os.fdopen(printed, errors="replace") as lines:
        for line in lines:
            logger.warning("Ray: %s", line.rstrip())


def _resources() -> tuple[list[Resources], Resources]:
    """What each node that is alive offers, and what is left in all of them together.

    Asked of a head that another has replaced, Ray ends this process; of one that is gone, it waits.
    So that what is held can be given back first, we look ourselves whether the head is there.
    """
    import ray

    head = ray.get_runtime_context().gcs_address
    try:
        _call_on(head)
    except OSError as error:
        text = f"the Ray cluster is lost: its head at {head} does not answer ({error})"
        raise EngineLostError(text) from error
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    return nodes, ray.available_resources()


def _in_a_line(error: BaseException) -> str:
    """What an error says, with its kind; Ray often says much, and the cause first."""
    return shorten(f"{type(error).__name__}: {error}".rstrip(": ."), 400, placeholder=" …")
