"""Solutions that differ enough from one another."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def apart(columns: Sequence[NDArray[np.int64]], distance: int, most: int) -> list[int]:
    """Places of rows that differ from each row taken before in ``distance`` columns or more."""
    left, taken = np.arange(len(columns[0])), list[int]()
    while len(left) and len(taken) < most:
        first = int(left[0])
        taken.append(first)
        differing = np.zeros(len(left), np.int64)
        for column in columns:
            differing += column[left] != column[first]
        left = left[differing >= distance]
    return taken


def share_of(unknowns: int) -> int:
    """The least number of unknowns in which diverse answers differ: a third of them."""
    return -(-unknowns // 3)
