"""What a constraint is."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from solver.template import Assignment

if TYPE_CHECKING:  # the API describes variants without OR-Tools in its process
    from solver.model import Model


@dataclass(frozen=True)
class Constraint(ABC):
    """A requirement, stated twice: for CP-SAT, and in plain Python that shares nothing with it.

    Whoever reads one class sees both; the equivalence tests hold them together.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """What explanations call it, e.g. ``equal params``."""

    @abstractmethod
    def post(self, model: "Model") -> None:
        """Add it to a model in which everything it refers to is declared."""

    @abstractmethod
    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Yield in words what an assignment violates; nothing if it holds."""


@dataclass(frozen=True)
class Relaxable(Constraint):
    """A requirement that an explanation may drop, to see whether it is what blocks."""

    def relaxed(self) -> Constraint | None:
        """What is left of it when it is dropped: ``None``, or what keeps the model finite."""
        return None
