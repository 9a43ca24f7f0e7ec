"""Tasks of a Ray cluster: what they do on a node, and how a driver hears from them."""

import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import Any, Final

from trainer.engines.calls import Call, bounded
from trainer.engines.joining import in_a_line
from trainer.process import DiedError, Ended, Progress, Task, ends_of

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.5
CANCEL_SECONDS: Final = 2.0


def train(task: Task) -> Iterator[Progress | Ended]:
    """Train in one of Ray's processes, which stays for more tasks; folders are its node's."""
    _hide_gpus_of_others()
    from app import logs
    from app.config import settings
    from trainer.memory import keep_freed_memory

    logs.set_up(settings().log_format)
    keep_freed_memory()
    own = replace(task, data_dir=settings().data_dir, cache_dir=settings().cache_dir)
    yield Progress({}, {})  # the task has a place, and begins
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
    """Hide all GPUs from a task that was promised none; Ray would show it all of its node's."""
    import ray

    if not ray.get_gpu_ids():
        os.environ["CUDA_VISIBLE_DEVICES"] = ""


class RayTask:
    """One task of a cluster, which trains the runs of one attempt.

    A separate thread starts the task and hears from it, so that nothing here waits for Ray.
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
            if self._is_killed:  # before there was anything to cancel
                ray.cancel(self._generator, force=True)
            for reference in self._generator:
                self.has_begun = True
                self._said.put(ray.get(reference))
            self._said.put(DiedError("the Ray task ended without an outcome"))
        except Exception as error:
            self._said.put(death(error))
            with suppress(Exception):  # it may still live, although it is no longer heard
                ray.cancel(self._generator, force=True)

    def message(self, seconds: float) -> Progress | Ended | None:
        """Return the next message; ``None`` if none comes within ``seconds``.

        Raises
        ------
        DiedError
            The training has ended.
        """
        try:
            message = self._said.get(timeout=seconds)
        except Empty:
            return None
        if isinstance(message, DiedError):
            raise message
        return message

    def halt(self) -> Sequence[Progress | Ended]:
        """End the task, whatever it does; return its messages that nobody has read."""
        self.kill()
        self._hearing.join(CANCEL_SECONDS)
        unheard: list[Progress | Ended] = []
        with suppress(Empty, DiedError):
            while message := self.message(0):
                unheard.append(message)
        return unheard

    def abort(self) -> None:
        """Do nothing: Ray ends the tasks of a process that ends."""

    def kill(self) -> None:
        """End the task, whatever it does; if Ray does not answer, it ends with this process."""
        import ray

        self._is_killed = True
        generator = self._generator
        if generator is not None:
            try:
                bounded(lambda: ray.cancel(generator, force=True), CANCEL_SECONDS, "cancel a task")
            except Exception as error:
                logger.warning("%s; it ends with this process", in_a_line(error))


def death(error: Exception) -> DiedError:
    """Say how a task died, from the exception that Ray raised."""
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
            return DiedError(f"the Ray task failed: {in_a_line(error.cause)}")
    return DiedError(f"Ray did not train it: {in_a_line(error)}")
