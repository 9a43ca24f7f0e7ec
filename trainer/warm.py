"""Warm starts: what runs start with is what the last checkpoints of their original's runs hold."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import replace

from trainer.checkpoints import Checkpoints, Snapshot
from trainer.process import Failed, Origin, Task, ends_of
from trainer.weights import Weights, weights_in

logger = logging.getLogger(__name__)


def starts_of(
    task: Task, origin: Origin, runs: Collection[str]
) -> tuple[Mapping[int, Weights], Mapping[str, Failed]]:
    """Return what some runs of a task start with, by seed, and why others fail, by run.

    An original's run whose last checkpoint is not here is trained here, from the checkpoint that
    is: another worker is not done with it, or its files are elsewhere or were removed.
    """
    seeds = {task.seeds[id_]: id_ for id_ in runs}
    wanted = {id_: seed for id_, seed in origin.seeds.items() if seed in seeds}
    final, failed = _final(task, origin, wanted), {}
    if missing := {id_: seed for id_, seed in wanted.items() if id_ not in final}:
        logger.info("the original is trained first, since no checkpoint has its final weights")
        failed = _failures(_task_of(origin, missing, task))
        final = _final(task, origin, wanted)
    weights = {
        wanted[id_]: weights_in(origin.architecture, snapshot.tensors)
        for id_, snapshot in final.items()
    }
    return weights, {
        seeds[wanted[id_]]: Failed(why.kind, f"The run {id_} of its original failed: {why.reason}")
        for id_, why in failed.items()
    }


def _final(task: Task, origin: Origin, runs: Collection[str]) -> dict[str, Snapshot]:
    """Load those snapshots of an original's runs that have all epochs."""
    found = Checkpoints(task.checkpoints).load(origin.stack, runs)
    return {id_: it for id_, it in found.items() if it.last.number == task.recipe.epochs}


def _task_of(origin: Origin, seeds: Mapping[str, int], later: Task) -> Task:
    """Return the task to train an original for the runs of a later task.

    Its checkpoints are under a name of their own, since another worker may train it at this time.
    """
    return replace(
        later,
        architecture=origin.architecture,
        expected=origin.expected,
        detail=None,
        recipe=later.recipe.cold,
        seeds=seeds,
        until=later.recipe.epochs,
        stack=origin.stack,
        attempt=f"{next(iter(later.seeds))}.{later.attempt}",
        origin=None,
    )


def _failures(task: Task) -> dict[str, Failed]:
    """Do a task, and return how those of its runs failed that did."""
    failed: dict[str, Failed] = {}
    ends = ends_of(task, lambda progress: failed.update(progress.failures))
    return failed | {id_: end for id_, end in ends.items() if isinstance(end, Failed)}
