"""Equal-budget variants of convolutional networks, found with CP-SAT.

``from solver import Architecture, SolveRequest, solve, count`` is the Python interface. It is
light: each name is loaded when it is first used, and OR-Tools when something is solved.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from solver.answers.variants import Answer, Explanation, Variant
    from solver.network.architecture import Architecture
    from solver.network.counting import Counts, count
    from solver.problem import SolveRequest
    from solver.solving import solve

__all__ = [
    "Answer", "Architecture", "Counts", "Explanation", "SolveRequest", "Variant", "count", "solve",
]  # fmt: skip

_MODULES: Final = {
    "Answer": "solver.answers.variants",
    "Architecture": "solver.network.architecture",
    "Counts": "solver.network.counting",
    "Explanation": "solver.answers.variants",
    "SolveRequest": "solver.problem",
    "Variant": "solver.answers.variants",
    "count": "solver.network.counting",
    "solve": "solver.solving",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'solver' has no attribute '{name}'")
    return getattr(import_module(_MODULES[name]), name)
