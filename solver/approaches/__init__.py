"""The approaches of Section 3, and what the paper leaves as future work."""

from typing import Final

from solver.approaches.base import Approach
from solver.approaches.five import ApproachV
from solver.approaches.four import ApproachIV
from solver.approaches.one import ApproachI
from solver.approaches.three import ApproachIII
from solver.approaches.two import ApproachII

APPROACHES: Final[dict[str, Approach]] = {
    approach.name: approach
    for approach in (ApproachI(), ApproachII(), ApproachIII(), ApproachIV(), ApproachV())
}
"""Every approach, by its number."""
