"""The base classes of constraints."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from solver.variation.template import Assignment

if TYPE_CHECKING:  # the API describes variants without loading OR-Tools or numpy
    from ortools.sat.python import cp_model

    from solver.engines.full.model import Model
    from solver.variation.numbers import Columns, Flags


@dataclass(frozen=True)
class Constraint(ABC):
    """A requirement: an encoding for CP-SAT, and truth tests in Python that do not use it.

    One class holds them all, and the equivalence tests compare them.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """Its name in explanations, e.g. ``equal params``."""

    @property
    def reads(self) -> frozenset[str] | None:
        """The unknowns that it restricts; ``None`` if it restricts maps or counts."""
        return None

    is_costly: ClassVar[bool] = False
    """Whether posting it may take long; explanations try without it first."""

    @abstractmethod
    def post(self, model: "Model") -> None:
        """Add it to a model that declares everything it refers to."""

    @abstractmethod
    def violations(self, assignment: Assignment) -> Iterator[str]:
        """Yield what an assignment violates, in words; nothing if the constraint holds."""

    @abstractmethod
    def holds(self, rows: "Columns") -> "Flags":
        """The rows for which it holds."""


@dataclass(frozen=True)
class Evidence:
    """Solutions of the problem without one requirement.

    Attributes
    ----------
    nearest
        The network that exceeds the requirement least, with the sides of its maps and the slacks.
    exceeded
        The requirements of the same name that this network exceeds.
    cases
        Every combination of values of the symbols that the requirement is
        :attr:`~Relaxable.told_by`.
    is_complete
        Whether the cases are all combinations; if not, they are only the nearest network's.
    """

    nearest: Assignment
    exceeded: Sequence["Relaxable"]
    cases: Sequence[Assignment]
    is_complete: bool


@dataclass(frozen=True)
class Relaxable(Constraint):
    """A requirement that an explanation may drop to see whether it blocks."""

    def relaxed(self) -> Constraint | None:
        """What replaces it when it is dropped: a constraint that keeps the model finite, if any."""
        return None

    @abstractmethod
    def excess(self, model: "Model") -> "cp_model.LinearExprT":
        """By how much a solution exceeds it, in a model from which it is dropped.

        Requirements of the same name share one excess.
        """

    @abstractmethod
    def reason(self, evidence: Evidence) -> str:
        """Why it and others of its name block, in numbers, and what would open a solution."""

    @property
    def told_by(self) -> Sequence[str]:
        """Symbols with values that the reason lists."""
        return ()
