"""What a constraint is."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from solver.variation.template import Assignment

if TYPE_CHECKING:  # the API describes variants without OR-Tools and numpy in its process
    from ortools.sat.python import cp_model

    from solver.engines.full.model import Model
    from solver.variation.numbers import Columns, Flags


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

    is_costly: ClassVar[bool] = False
    """Whether posting it may take long; explanations try without it first."""

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
class Evidence:
    """What there is where one requirement is dropped and all else kept.

    Attributes
    ----------
    nearest
        The network that exceeds the requirement least; with the sides of its maps, and slacks.
    exceeded
        Those of the requirements of one name that it exceeds.
    cases
        Values of what the requirement is :attr:`~Relaxable.told_by`, in every combination there is.
    is_complete
        Whether these are all; else they are those of the nearest network.
    """

    nearest: Assignment
    exceeded: Sequence["Relaxable"]
    cases: Sequence[Assignment]
    is_complete: bool


@dataclass(frozen=True)
class Relaxable(Constraint):
    """A requirement that an explanation may drop, to see whether it is what blocks."""

    def relaxed(self) -> Constraint | None:
        """What is left of it when it is dropped: ``None``, or what keeps the model finite."""
        return None

    @abstractmethod
    def excess(self, model: "Model") -> "cp_model.LinearExprT":
        """By how much a solution exceeds it, in a model where it is dropped.

        Requirements of one name share it.
        """

    @abstractmethod
    def reason(self, evidence: Evidence) -> str:
        """Why it blocks, in numbers, and what would do; for all that is exceeded of its name."""

    @property
    def told_by(self) -> Sequence[str]:
        """Symbols whose values the reason goes through."""
        return ()
