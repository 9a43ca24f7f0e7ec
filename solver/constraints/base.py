"""What a constraint is."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from solver.template import Assignment

if TYPE_CHECKING:  # the API describes variants without OR-Tools and numpy in its process
    from solver.columns import Columns, Flags
    from solver.model import Model


@dataclass(frozen=True)
class Constraint(ABC):
    """A requirement, stated for CP-SAT, and as truth tests in Python that share nothing with that.

    Whoever reads one class sees them all; the equivalence tests hold them together.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """What explanations call it, e.g. ``equal params``."""

    @property
    def reads(self) -> frozenset[str] | None:
        """The unknowns that it is about; ``None`` if it is about maps and counts."""
        return None

    @abstractmethod
    def post(self, model: "Model") -> None:
        """Add it to a model in which everything it refers to is declared."""

    @abstractmethod
    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Yield in words what an assignment violates; nothing if it holds."""

    @abstractmethod
    def holds(self, rows: "Columns") -> "Flags":
        """Which of many assignments do not violate it."""


@dataclass(frozen=True)
class Relaxable(Constraint):
    """A requirement that an explanation may drop, to see whether it is what blocks."""

    def relaxed(self) -> Constraint | None:
        """What is left of it when it is dropped: ``None``, or what keeps the model finite."""
        return None
