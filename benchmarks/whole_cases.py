"""Networks of torchvision, what is asked about them, and the counts that PyTorch finds.

All cases free the widths of squeeze layers, bound widths by half and twice the original's, and
count parameters and multiply-adds (MACs).
"""

import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

import torch

from solver.answers.check import verify_one
from solver.approaches import APPROACHES
from solver.engines.progress import Progress
from solver.engines.whole.engine import Whole
from solver.network.architecture import Architecture
from solver.network.counting import Counts, count
from solver.problem import Best, Problem, Sample, Settings
from solver.variation.whole import WholeTemplate
from trainer.importing import from_module
from trainer.importing.sources import named
from trainer.networks import build, counts_of, valueless

RATIO: Final = (0.5, 2.0)
SAME: Final = 1e-9
"""Two values of an objective that differ by no more than this share are the same."""


class Case(NamedTuple):
    """A network, the resolution in pixels that is asked for, and the step of widths."""

    network: str
    resolution: int
    step: int = 1

    @property
    def key(self) -> str:
        """The case in the names of figures."""
        return f"{self.network}_{self.resolution}_step{self.step}"


CASES: Final = tuple(
    Case(network, resolution, step)
    for step in (1, 8)
    for network, resolution in (
        ("resnet18", 256),
        ("resnet50", 240),
        ("resnet50", 256),
        ("vgg16", 256),
        ("mobilenet_v2", 256),
        ("mobilenet_v3_small", 256),
        ("efficientnet_b0", 240),
        ("densenet121", 256),
        ("convnext_tiny", 256),
        ("regnet_y_400mf", 256),
        ("mnasnet1_0", 256),
        ("shufflenet_v2_x1_0", 256),
        ("squeezenet1_1", 240),
        ("googlenet", 256),
        ("inception_v3", 331),
        ("resnext50_32x4d", 256),
    )
)
"""Fifteen networks, one at two resolutions; most a seventh larger than made for; at two steps."""
NETWORKS: Final = tuple(dict.fromkeys(case.network for case in CASES))
QUICK: Final = ("resnet18", "mobilenet_v2", "shufflenet_v2_x1_0")
"""The networks of a quick run: a plain one, one with a proof of optimality, an impossible one."""


def cases(quick: bool) -> Sequence[Case]:
    """The cases of a run."""
    return [case for case in CASES if case.network in QUICK or not quick]


def networks(quick: bool) -> Sequence[str]:
    """The networks of a run."""
    return QUICK if quick else NETWORKS


@cache
def network(name: str) -> Architecture:
    """A network of torchvision, imported for images of the size that it was made for."""
    found = named(f"torchvision:{name}")
    assert found.resolution is not None
    shape = (found.channels, found.resolution, found.resolution)
    return from_module(valueless(found.module), shape, name)


class Solved(NamedTuple):
    """How a request was answered.

    Attributes
    ----------
    problem
        What was asked.
    row
        The first answer, or ``None``.
    seconds
        Processor seconds from the request, with the network in hand, to the checked answer.
    settled
        Processor seconds until the search told that its best was the best; ``None`` if it never
        did.
    best
        The best value of the objective that the search told; ``None`` if it told none.
    is_proved
        Whether that is proved the best or, without an answer, that there is none.
    bound
        No answer has a better value of the objective; ``None`` if no bound is known.
    """

    problem: Problem
    row: Mapping[str, int] | None
    seconds: float
    settled: float | None
    best: float | None
    is_proved: bool
    bound: float | None

    @property
    def change(self) -> float:
        """The largest change of a width: of ``w'/w`` and ``w/w'`` over all groups."""
        assert self.row is not None
        template = self.problem.template
        assert isinstance(template, WholeTemplate)
        return template.largest_change(self.row)


def request(
    architecture: Architecture, lowest: int, highest: int, step: int, **others: Any
) -> dict[str, Any]:
    """A request for equal parameters and equal MACs at some resolutions."""
    return {
        "architecture": architecture,
        "approach": "V",
        "budget": "both",
        "count": "macs",
        "ranges": {"resolution": [lowest, highest]},
        "widths": {"ratio": RATIO, "step": step},
        **others,
    }


def solved(asked: Mapping[str, Any], settings: Settings) -> Solved:
    """Answer a request, check its answers, and say how long that took.

    The time is that of :func:`solver.answers.search.solve` without the words that explain why there
    is no answer.
    """
    told: list[tuple[float, Progress]] = []
    started = time.process_time()
    problem = Problem.model_validate(asked)
    found = Whole(problem, settings).answer(
        lambda progress: told.append((time.process_time() - started, progress))
    )
    constraints = APPROACHES[problem.approach].constraints(problem)
    for row in found.rows:
        verify_one(constraints, row)
    seconds = time.process_time() - started
    return Solved(
        problem,
        found.rows[0] if found.rows else None,
        seconds,
        next((at for at, progress in told if _is_best(progress)), None),
        next((it.best for _, it in reversed(told) if it.best is not None), None),
        found.is_proved,
        found.bound,
    )


def ask(case: Case, find: Sample | Best, seconds: float, **others: Any) -> Solved:
    """Answer a case."""
    asked = request(network(case.network), case.resolution, case.resolution, case.step, **others)
    return solved(asked, Settings(find=find, time_limit=seconds))


def _is_best(progress: Progress) -> bool:
    best, bound = progress.best, progress.bound
    return best is not None and bound is not None and abs(best - bound) <= SAME * abs(best)


def counted(problem: Problem, row: Mapping[str, int]) -> tuple[int, int]:
    """Parameters and MACs of an answer, as PyTorch counts them on the built network.

    Raises
    ------
    AssertionError
        They are not those that the solver counts.
    """
    variant = problem.template.architecture(row)
    with torch.device("meta"):
        found = counts_of(build(variant), variant)
    own = count(variant)
    if found != (own.params, own.macs):
        raise AssertionError(f"{problem.architecture.name}: PyTorch counts {found} for {row}")
    return found


def hold_equal(answer: Solved, tolerance: float = 0.0) -> None:
    """Check that PyTorch counts what the original has, within a tolerance.

    Raises
    ------
    AssertionError
        It does not.
    """
    assert answer.row is not None
    original: Counts = count(answer.problem.architecture)
    found = counted(answer.problem, answer.row)
    for mine, own in zip(found, (original.params, original.macs), strict=True):
        if abs(mine - own) > tolerance * own:
            raise AssertionError(f"{answer.problem.architecture.name}: {mine:,} is not {own:,}")
