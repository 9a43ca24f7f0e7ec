"""Lattices of whole numbers: kernels by Euclid's algorithm, LLL reduction, nearest points.

A lattice is a basis, shape ``(dimensions, n)``, whose rows are added and subtracted. Lengths are
measured relative to ``scale``, shape ``(n,)``: ``scale[i]`` along axis ``i`` has length 1.
"""

from heapq import heapify, heappop, heappush
from typing import Final, NamedTuple

import numpy as np

from solver.engines.whole.quadratic import Floats, Ints

DELTA: Final = 0.99
"""Lovász' constant: how much shorter a row may be than the one before it."""
PASSES: Final = 4
"""How often a row is shortened: rounding errors of one pass are mended by the next."""
MOST_STEPS: Final = 100_000
TINY: Final = 1e-300


class Kernel(NamedTuple):
    """The part of a lattice where a linear function is 0.

    Attributes
    ----------
    basis
        Its basis.
    unit
        A point of the lattice where the function is ``divisor``.
    divisor
        The greatest common divisor of the function's values on the lattice; 0 if all are 0.
    """

    basis: Ints
    unit: Ints
    divisor: int


def whole_solutions(matrix: Ints, gaps: Ints, scale: Floats) -> tuple[Ints, Ints] | None:
    """A whole solution of ``matrix @ x == gaps``, and a reduced basis of the differences.

    ``None`` if there is none. The solution has Python's whole numbers: it may be far away.
    """
    size = len(scale)
    start, basis = np.zeros(size, object), np.eye(size, dtype=np.int64)
    for row, gap in zip(matrix, gaps, strict=True):
        coefficients = row.astype(object)
        found = kernel(basis, [int(it.astype(object) @ coefficients) for it in basis])
        times, rest = divmod(int(gap) - int(start @ coefficients), found.divisor or 1)
        if rest or (not found.divisor and times):
            return None
        start = start + times * found.unit.astype(object)
        basis = reduced(found.basis, scale)
    return start, basis


def kernel(basis: Ints, values: list[int]) -> Kernel:
    """Find where a function is 0 that has these values on the rows of ``basis``.

    Euclid's algorithm always reduces the largest value by the second largest, which keeps the
    multipliers, and with them the new rows, short.
    """
    rows, values = list(basis), list(values)
    heap = [(-abs(value), row) for row, value in enumerate(values) if value]
    if not heap:
        return Kernel(basis, np.zeros(basis.shape[1], np.int64), 0)
    heapify(heap)
    while len(heap) > 1:
        _, largest = heappop(heap)
        second = heap[0][1]
        times = _rounded(values[largest], values[second])
        values[largest] -= times * values[second]
        rows[largest] = rows[largest] - times * rows[second]
        if values[largest]:
            heappush(heap, (-abs(values[largest]), largest))
    last = heap[0][1]
    unit = rows.pop(last) * (1 if values[last] > 0 else -1)
    return Kernel(np.array(rows, np.int64).reshape(-1, basis.shape[1]), unit, abs(values[last]))


def reduced(basis: Ints, scale: Floats) -> Ints:
    """A basis of the same lattice with short rows that are nearly orthogonal (LLL).

    Lenstra, Lenstra and Lovász, "Factoring polynomials with rational coefficients", 1982.
    Orthogonalisation is in floating point: only the quality of the basis depends on it.
    """
    rows, row = _Rows(basis, scale), 0
    for _ in range(MOST_STEPS):
        if row == len(basis):
            break
        rows.shorten(row)
        if rows.is_short(row):
            row += 1
        else:
            rows.swap(row)
            row -= 1
    return rows.basis


class _Rows:
    """A basis under reduction, with its Gram-Schmidt vectors up to the row at work."""

    def __init__(self, basis: Ints, scale: Floats) -> None:
        self.basis, self.scale = basis.copy(), scale
        self.vectors = basis / scale
        self.orthogonal = np.zeros_like(self.vectors)
        self.squares = np.ones(len(basis))
        self.shares = np.zeros((len(basis), len(basis)))

    def shorten(self, row: int) -> None:
        """Subtract rows before it until the row's shares in them are below one half."""
        for _ in range(PASSES):
            self.orthogonalise(row)
            if not self._subtract(row):
                return
            self.vectors[row] = self.basis[row] / self.scale

    def is_short(self, row: int) -> bool:
        """Whether the row may stand behind the one before it (Lovász' condition)."""
        if not row:
            return True
        least = DELTA - self.shares[row, row - 1] ** 2
        return bool(self.squares[row] >= least * self.squares[row - 1])

    def swap(self, row: int) -> None:
        """Exchange a row with the one before it."""
        for table in (self.basis, self.vectors):
            table[[row, row - 1]] = table[[row - 1, row]]

    def orthogonalise(self, row: int) -> None:
        """The row's part that is orthogonal to the rows before it."""
        before = self.orthogonal[:row]
        self.shares[row, :row] = before @ self.vectors[row] / self.squares[:row]
        self.orthogonal[row] = self.vectors[row] - self.shares[row, :row] @ before
        self.squares[row] = max(self.orthogonal[row] @ self.orthogonal[row], TINY)

    def _subtract(self, row: int) -> bool:
        shares, is_changed = self.shares[row, :row].copy(), False
        for other in range(row - 1, -1, -1):
            if times := round(shares[other]):
                self.basis[row] -= times * self.basis[other]
                shares[:other] -= times * self.shares[other, :other]
                is_changed = True
        return is_changed


def heights(basis: Ints, scale: Floats) -> Floats:
    """How far each row leads away from those before it: the distances of the lattice's planes."""
    rows = _Rows(basis, scale)
    for row in range(len(basis)):
        rows.orthogonalise(row)
    found: Floats = np.sqrt(rows.squares)
    return found


def nearest(basis: Ints, start: Ints, targets: Floats, scale: Floats) -> Ints:
    """The points ``start`` plus lattice that Babai's nearest plane finds near each target.

    Parameters
    ----------
    basis
        A reduced basis, shape ``(dimensions, n)``.
    start
        A point, shape ``(n,)``, of Python's whole numbers if they are large.
    targets
        Where points are wanted, shape ``(rows, n)``.
    scale
        The unit of length along each axis.

    Returns
    -------
    Ints
        Points, shape ``(rows, n)``.
    """
    rows = _Rows(basis, scale)
    for row in range(len(basis)):
        rows.orthogonalise(row)
    first = _approached(start, targets[0], rows)
    points = np.repeat(first[None], len(targets), axis=0)
    gaps = (points - targets) / scale
    for row in range(len(basis) - 1, -1, -1):
        times = np.rint(gaps @ rows.orthogonal[row] / rows.squares[row])
        points -= times.astype(np.int64)[:, None] * basis[row]
        gaps -= times[:, None] * rows.vectors[row]
    return points


def _approached(start: Ints, target: Floats, rows: _Rows) -> Ints:
    """A point near the target, in exact numbers: the start may be far away."""
    point = start.astype(object)
    for _ in range(PASSES):
        for row in range(len(rows.basis) - 1, -1, -1):
            gap = (point - target).astype(float) / rows.scale
            times = round(float(gap @ rows.orthogonal[row]) / rows.squares[row])
            point = point - times * rows.basis[row].astype(object)
    return point.astype(np.int64)


def _rounded(value: int, divisor: int) -> int:
    """The whole number nearest to a quotient, exactly."""
    return (2 * value + divisor) // (2 * divisor)
