"""The grid that ``isobudget feasible`` goes over, read from its options."""

from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import ValidationError

from app.cli.files import faults_of
from app.cli.option_values import numbers
from app.errors import Fault
from solver.network.architecture import Architecture
from solver.problem import Sample
from solver.survey import axes
from solver.survey.grid import RESOLUTION, Grid, misfit, names_for

Lists = Mapping[str, Sequence[int]]
"""Values by the names that the user gave."""

MOST_PROBLEMS: Final = 100_000
"""The largest number of problems that are counted in one go."""
MOST_TO_DRAW_FROM: Final = 2**62
REMEDY: Final = "write NAME=VALUES, as in kernel_size=3,5,7 or conv1.out_channels=10:30:5"


def read_lists(texts: Sequence[str]) -> tuple[Lists, list[Fault]]:
    """The lists of values that were given, and their faults."""
    lists: dict[str, Sequence[int]] = {}
    faults = [] if texts else [Fault("--grid", f"this is missing; {REMEDY}")]
    for text in texts:
        name, equals, values = (part.strip() for part in text.partition("="))
        try:
            if not equals:
                raise ValueError
            lists[name], was_given = numbers(values), name in lists
        except ValueError:
            faults.append(Fault("--grid", f"'{text}' cannot be read; {REMEDY}"))
            continue
        if was_given:
            faults.append(Fault("--grid", f"'{name}' is given twice; write all its values once"))
    return lists, faults


def axes_of(original: Architecture, lists: Lists) -> tuple[Lists, list[Fault]]:
    """The values of each field that the grid varies, in the fields' order, and the faults.

    A bare ``stride`` is for each convolution; ``conv1.stride`` overrides it.
    """
    faults = [_unknown(original, name) for name in lists if not names_for(original, name)]
    faults += [
        Fault("--grid", f"{name}={value}: {reason}")
        for name, values in lists.items()
        if names_for(original, name)
        for value in (values[0], values[-1])
        if (reason := misfit(name, value))
    ]
    found = axes.axes_of(original, lists)
    faults += [
        Fault("--grid", f"{name}: the network has {value} here; write a whole number in the file")
        for name, value in Grid(original, found).own.items()
        if not isinstance(value, int)
    ]
    return found, list(dict.fromkeys(faults))


def _unknown(original: Architecture, name: str) -> Fault:
    return Fault("--grid", axes.unknown(original, name, also=RESOLUTION))


def sample_of(count: int | None, seed: int | None) -> tuple[Sample | None, list[Fault]]:
    """The sample to draw from the grid, if one was asked for, and the faults of its options."""
    if count is None:
        reason = "it goes with --sample N, which is missing"
        return None, [] if seed is None else [Fault("--seed", reason)]
    try:
        return Sample.model_validate({"sample": count, "seed": seed or 0}), []
    except ValidationError as refused:
        return None, faults_of(refused, lambda place: f"--{place[0]}")


def excess(size: int, sample: Sample | None, questions: int) -> list[Fault]:
    """The fault of a grid that is too large, if each member makes ``questions`` problems."""
    if size > MOST_TO_DRAW_FROM:
        return [Fault("--grid", f"it has {size:.1e} members; give fewer values")]
    originals = min(size, sample.sample) if sample else size
    if originals * questions <= MOST_PROBLEMS:
        return []
    number = f"{originals:,} originals with {questions} problems each"
    remedy = f"draw fewer with --sample {MOST_PROBLEMS // questions}, or give fewer values"
    return [Fault("--grid", f"{number} are more than {MOST_PROBLEMS:,} problems; {remedy}")]
