"""Eqs. 21 to 24 for one network at one resolution, in numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from solver.engines.whole.quadratic import Flags, Floats, Ints, Quadratic
from solver.variation.unknown import Range


@dataclass(frozen=True, eq=False)
class Budgeted:
    """A count that must lie in a band around the original's.

    Attributes
    ----------
    name
        ``params``, ``flops`` or ``macs``, as users read it.
    count
        The count as a function of the widths.
    target
        The original's count.
    band
        Counts that pass; both ends are the target if the tolerance is 0.
    """

    name: str
    count: Quadratic
    target: int
    band: Range

    @property
    def is_exact(self) -> bool:
        """Whether one count alone passes."""
        return self.band.low == self.band.high


@dataclass(frozen=True, eq=False)
class LinearForm:
    """``constant + coefficients · w``, with no negative coefficient.

    ``coefficients`` has one entry for each of the ``n`` widths.
    """

    constant: int
    coefficients: Ints

    def __call__(self, widths: Ints) -> int:
        """The value for widths of shape ``(n,)``."""
        return self.constant + int(self.coefficients @ widths)


@dataclass(frozen=True, eq=False)
class LinearBound:
    """A linear form that may be at most ``most``, such as the memory of one layer (Eq. 23)."""

    form: LinearForm
    most: int


@dataclass(frozen=True, eq=False)
class WholeProblem:
    """The widths of a network's groups at one resolution, and the counts that they must meet.

    A width is its number of steps times its step. Arrays have one entry for each of the ``n``
    groups that may change.

    Attributes
    ----------
    resolution
        ``N'``, the shorter side of the image.
    names
        The groups, named after the first layer that makes each.
    original
        The original's widths.
    steps
        Each width is a multiple of its step.
    low, high
        Bounds in steps, inclusive (Eq. 24).
    budgets
        One or two counts with their bands. A count that is only bounded has a band from 0.
    linear_bounds
        What else bounds the widths from above (Eq. 23).
    """

    resolution: int
    names: tuple[str, ...]
    original: Ints
    steps: Ints
    low: Ints
    high: Ints
    budgets: Sequence[Budgeted]
    linear_bounds: Sequence[LinearBound] = ()

    @property
    def is_fixed(self) -> bool:
        """Whether each group has one width left."""
        return bool((self.low == self.high).all())

    @property
    def has_equality(self) -> bool:
        """Whether some budget is an equality: lattices then find what others would not."""
        return any(budget.is_exact for budget in self.budgets)

    @property
    def is_exact(self) -> bool:
        """Whether every budget is an equality."""
        return all(budget.is_exact for budget in self.budgets)

    @cached_property
    def neighbours(self) -> Flags:
        """Which two widths are multiplied in a budget, shape ``(n, n)``; true for squares."""
        found: Flags = np.any([it.count.hessian != 0 for it in self.budgets], axis=0)
        return found

    def within(self, low: Ints, high: Ints) -> "WholeProblem":
        """The problem in the part of the box that lies in ``low..high`` (in steps)."""
        return replace(self, low=np.maximum(self.low, low), high=np.minimum(self.high, high))

    def near(self, change: float) -> "WholeProblem":
        """The problem with widths that change by a factor of at most ``change``."""
        low = np.ceil(self.original / change / self.steps - 1e-9)
        high = np.floor(self.original * change / self.steps + 1e-9)
        return self.within(low.astype(np.int64), high.astype(np.int64))

    @property
    def is_empty(self) -> bool:
        """Whether a group has no width left."""
        return bool((self.low > self.high).any())

    def changes(self, widths: Ints) -> Floats:
        """The largest change of each row: the largest of ``w'/w`` and ``w/w'`` over the groups.

        ``widths`` has the shape ``(n,)`` or ``(rows, n)``.
        """
        found: Floats = np.maximum(widths / self.original, self.original / widths).max(axis=-1)
        return found

    def accepts(self, widths: Ints) -> bool:
        """Whether these widths, shape ``(n,)``, satisfy Eqs. 21 to 24."""
        return bool(self.accepted(widths[None])[0])

    def accepted(self, rows: Ints) -> Flags:
        """Which rows of widths, shape ``(rows, n)``, satisfy Eqs. 21 to 24."""
        in_steps, rest = np.divmod(rows, self.steps)
        found: Flags = ((in_steps >= self.low) & (in_steps <= self.high) & (rest == 0)).all(axis=1)
        for budget in self.budgets:
            counts = budget.count(rows)
            found &= (counts >= budget.band.low) & (counts <= budget.band.high)
        for bound in self.linear_bounds:
            found &= bound.form.constant + rows @ bound.form.coefficients <= bound.most
        return found
