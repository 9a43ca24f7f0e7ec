"""``isobudget work``, but for the training: tasks sleep, and say what they never measured."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from tests.chaos.sleeping import outcome
from trainer.outcome import Epoch
from trainer.process import Ended, Progress, Task

EPOCH_SECONDS = 0.1
HOLD = "hold"
"""A file beside checkpoints: while it is there, no task goes on behind its first epoch."""


def sleep(task: Task) -> Iterator[Progress | Ended]:
    """Sleep for each epoch; the result's device is the Ray node, its pid is beside checkpoints."""
    import ray

    note(task, os.getpid())
    for epoch in range(1, task.until + 1):
        time.sleep(EPOCH_SECONDS)
        measured = Epoch(epoch, 1.0, 1.0, 0.5, EPOCH_SECONDS)
        yield Progress({id_: [measured] for id_ in task.seeds}, {})
        while Path(task.checkpoints, HOLD).exists():
            time.sleep(EPOCH_SECONDS)
    node = ray.get_runtime_context().get_node_id()
    yield Ended({id_: replace(outcome(seed), device=node) for id_, seed in task.seeds.items()})


def note(task: Task, pid: int) -> None:
    folder = Path(task.checkpoints)
    folder.mkdir(exist_ok=True)
    for id_ in task.seeds:
        (folder / f"{id_}.pid").write_text(str(pid))


def main() -> None:
    from trainer import __main__ as command  # tasks do not need it

    with (
        patch("trainer.engines.cluster.train", sleep),
        patch("trainer.supervisor.MODULE", "tests.engines.sleeper"),
    ):
        command.leave(command.main())


if __name__ == "__main__":
    from tests.engines import sleeper  # not __main__, which nodes cannot import

    sleeper.main()
