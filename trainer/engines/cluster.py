"""Ray: each stack of runs is trained as one task of a cluster.

Ray only places tasks and carries their messages: the database holds what is to be trained, by whom,
and with what result. Ray never retries a task, since another attempt would not hold the lease. All
calls to Ray have a time limit: without its head, Ray may never answer.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any, Final

from trainer.engines.calls import Call, EngineLostError, bounded
from trainer.engines.capacity import Ask, Resources, largest
from trainer.engines.joining import call_on, connect, in_a_line
from trainer.engines.tasks import RayTask, train
from trainer.process import Ended, Progress, Task

logger = logging.getLogger(__name__)

Serve = Callable[[Task], Iterator[Progress | Ended]]
"""What a task does: it yields its progress, and at last how it ended."""

LOOK_SECONDS: Final = 0.5
LOST_SECONDS: Final = 10.0
"""After this time without an answer, the cluster is lost."""
CLOSE_SECONDS: Final = 2.0


class Cluster:
    """A running Ray cluster that this machine is part of.

    ``serve`` is what its tasks do; the default is :func:`~trainer.engines.tasks.train`.

    Raises
    ------
    EngineLostError
        The cluster cannot be reached, or does not answer.
    """

    def __init__(self, address: str, ask: Ask, serve: Serve | None = None) -> None:
        self._ask = ask
        self._serve = serve or train
        self._asked: Call[tuple[list[Resources], Resources]] | None = None
        self._is_too_small = False
        connect(address)

    @cached_property
    def _function(self) -> Any:
        import ray

        options = {"num_cpus": self._ask.cpus, "num_gpus": self._ask.gpus}
        # Not by .options(): only this way does Ray start a new process for each task with a GPU.
        return ray.remote(num_returns="streaming", max_retries=0, **options)(self._serve)

    def task(self) -> RayTask:
        """Return a task that was not started yet."""
        return RayTask(self._function.remote)

    def free(self, held: int, waiting: int) -> int:
        """Return how many more tasks would start at once.

        We have ``held`` tasks; ``waiting`` of them have no place yet, and may take what is free
        now.

        Raises
        ------
        EngineLostError
            The cluster cannot be reached, or has not answered for ``LOST_SECONDS``.
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
            raise EngineLostError(f"the Ray cluster is lost: {in_a_line(error)}") from error
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
        """Leave the cluster; give up after ``CLOSE_SECONDS``."""
        import ray

        with suppress(Exception):
            bounded(ray.shutdown, CLOSE_SECONDS, "disconnect")


def _resources() -> tuple[list[Resources], Resources]:
    """Return what each live node offers, and what is left in all nodes together.

    When asked, Ray ends this process if another head has replaced ours, and waits if the head is
    gone. We check first that the head is there, so that what is held can still be given back.
    """
    import ray

    head = ray.get_runtime_context().gcs_address
    try:
        call_on(head)
    except OSError as error:
        text = f"the Ray cluster is lost: its head at {head} does not answer ({error})"
        raise EngineLostError(text) from error
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    return nodes, ray.available_resources()
