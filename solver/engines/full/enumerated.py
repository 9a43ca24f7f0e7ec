"""Solutions that CP-SAT enumerated because tables would be too large."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from solver.engines.factored.arrays import Ints
from solver.engines.factored.solutions import ranks
from solver.engines.objectives import Objective
from solver.engines.progress import Tell, silent
from solver.variation.numbers import Columns
from solver.variation.unknown import RESOLUTION


@dataclass(frozen=True)
class Listed:
    """Solutions as rows, with a column for each symbol."""

    symbols: Sequence[str]
    rows: Ints

    @classmethod
    def of(cls, symbols: Sequence[str], rows: Ints) -> "Listed":
        """Sort rows in ascending order."""
        return cls(symbols, rows[np.lexsort(rows.T[::-1])])

    @property
    def count(self) -> int:
        """Number of solutions."""
        return len(self.rows)

    def all(self) -> Mapping[str, Ints]:
        """All solutions."""
        return self._columns(self.rows)

    def sample(self, number: int, seed: int) -> Mapping[str, Ints]:
        """A uniform sample of ``number`` solutions without replacement, in order."""
        return self._columns(self.rows[np.sort(ranks(self.count, number, seed))])

    def best(
        self,
        objective: Objective,
        number: int,
        tell: Tell = silent,  # noqa: ARG002 - the protocol's; nothing takes long here
    ) -> Mapping[str, Ints]:
        """The ``number`` best solutions, the best first; ties are broken as for all objectives."""
        columns = self.all()
        value = objective.value(Columns.exact(objective.template, columns))
        order = np.lexsort((np.arange(self.count), -columns[RESOLUTION], -value.astype(float)))
        return self._columns(self.rows[order[:number]])

    def _columns(self, rows: Ints) -> Mapping[str, Ints]:
        return dict(zip(self.symbols, np.ascontiguousarray(rows.T), strict=True))
