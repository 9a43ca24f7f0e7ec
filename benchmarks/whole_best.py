"""The best answers of approach V, for :mod:`benchmarks.whole_network`."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from benchmarks.whole_cases import (
    QUICK,
    Case,
    Solved,
    ask,
    cases,
    hold_equal,
    network,
    networks,
    request,
    solved,
)
from solver.problem import Best, Settings

TOLERANCE: Final = 0.001
CLOSEST_SECONDS: Final = 6.0
"""The request's limit. Half of it is for the largest change, the rest for the sum of changes."""
CLOSEST_EXACT_SECONDS: Final = 10.0
LARGEST_SECONDS: Final = 30.0
LARGEST_AT_STEP_8: Final = ("mobilenet_v2", "mobilenet_v3_small")
LARGEST_EXACT_AT_STEP_8: Final = ("resnext50_32x4d",)
FOUND_BEFORE: Final[Mapping[str, tuple[float, float]]] = {
    "resnet18_256": (1.2549, 1.60),
    "resnet50_240": (1.1429, 1.2075),
    "resnet50_256": (1.2249, 1.3061),
    "vgg16_256": (1.1743, 1.4531),
    "mobilenet_v2_256": (1.2308, 1.3333),
    "mobilenet_v3_small_256": (1.1806, 1.2857),
    "efficientnet_b0_240": (1.1626, 1.25),
    "densenet121_256": (1.1953, 1.50),
    "convnext_tiny_256": (1.2468, 1.3333),
    "regnet_y_400mf_256": (1.3182, 1.3333),
    "mnasnet1_0_256": (1.2857, 1.3750),
    "squeezenet1_1_240": (1.28, 2.0),
    "googlenet_256": (1.1963, 1.3333),
    "inception_v3_331": (1.1707, 1.3333),
    "resnext50_32x4d_256": (1.2816, 1.3333),
}
"""The largest changes, at steps 1 and 8, that an earlier search found in ten seconds."""
ROUNDED: Final = 5e-5
"""How far those may be from what they were before they were rounded."""


def closest(quick: bool) -> dict[str, float]:
    """Time until the smallest largest change within the tolerance is proved."""
    figures: dict[str, float] = {}
    unproved, seconds = 0, []
    for case in cases(quick):
        find = Best(best="closest", top=1)
        answer = ask(case, find, CLOSEST_SECONDS, tolerance=TOLERANCE)
        if answer.row is not None:
            hold_equal(answer, TOLERANCE)
        unproved += not answer.is_proved
        seconds.append(answer.seconds if answer.settled is None else answer.settled)
        figures[f"closest_{case.key}_s"] = seconds[-1]
    return figures | {"closest_worst_s": max(seconds), "closest_unproved": unproved}


def largest(quick: bool) -> dict[str, float]:
    """Time until the highest resolution within the tolerance is proved."""
    figures: dict[str, float] = {}
    unproved, seconds = 0, []
    for name, step in _at_steps(quick, LARGEST_AT_STEP_8):
        answer = _largest(name, step, tolerance=TOLERANCE)
        if answer.row is not None:
            hold_equal(answer, TOLERANCE)
            figures[f"largest_{name}_step{step}_px"] = answer.row["N"]
        unproved += not answer.is_proved
        seconds.append(answer.seconds)
        figures[f"largest_{name}_step{step}_s"] = seconds[-1]
    return figures | {"largest_worst_s": max(seconds), "largest_unproved": unproved}


def largest_exact(quick: bool) -> dict[str, float]:
    """The highest resolution with exact equality, what is open above it, and the time."""
    figures: dict[str, float] = {}
    proved, seconds = 0, []
    for name, step in _at_steps(quick, LARGEST_EXACT_AT_STEP_8):
        answer = _largest(name, step)
        key = f"largest_exact_{name}_step{step}"
        if answer.row is not None:
            hold_equal(answer)
            figures[f"{key}_px"] = answer.row["N"]
        if answer.is_proved:
            proved += answer.seconds <= 1.0
        elif answer.bound is not None:
            figures[f"{key}_bound_px"] = answer.bound
        seconds.append(answer.seconds)
        figures[f"{key}_s"] = seconds[-1]
    return figures | {"largest_exact_proved": proved, "largest_exact_worst_s": max(seconds)}


def _at_steps(quick: bool, at_step_8: Sequence[str]) -> Sequence[tuple[str, int]]:
    """All networks at step 1, and some at step 8."""
    at_1 = [(name, 1) for name in networks(quick)]
    return at_1 + [(name, 8) for name in at_step_8 if name not in QUICK or not quick]


def _largest(name: str, step: int, **others: Any) -> Solved:
    architecture = network(name)
    own = architecture.resolution
    asked = request(architecture, own + 1, 2 * own, step, **others)
    find = Best(best="max_resolution", top=1)
    return solved(asked, Settings(find=find, time_limit=LARGEST_SECONDS))


def closest_exact(asked: Sequence[Case]) -> dict[str, float]:
    """The smallest largest change with exact equality that is found in ten seconds."""
    figures: dict[str, float] = {}
    behind = proved = 0
    for case in asked:
        answer = ask(case, Best(best="closest", top=1), CLOSEST_EXACT_SECONDS)
        known = FOUND_BEFORE.get(f"{case.network}_{case.resolution}")
        if answer.row is None or answer.best is None:
            behind += known is not None
            continue
        hold_equal(answer)
        proved += answer.is_proved
        behind += known is not None and answer.best > known[case.step > 1] + ROUNDED
        figures[f"closest_exact_{case.key}_percent"] = 100 * (answer.best - 1)
    return figures | {"closest_exact_behind": behind, "closest_exact_proved": proved}
