"""Section 3, approach by approach."""

from typing import Final

from solver.approaches.base import Approach
from solver.approaches.four import ApproachIV

APPROACHES: Final[dict[str, Approach]] = {approach.name: approach for approach in (ApproachIV(),)}
"""Every approach that can be asked for, by its number in the paper."""
