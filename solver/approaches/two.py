"""Approach II: dilated convolution in the first convolution (Section 3.2)."""

from collections.abc import Mapping, Sequence

from solver.approaches.base import Approach
from solver.constraints.base import Constraint
from solver.constraints.budget import EqualBudget
from solver.constraints.maps import MapSizes, SameMap
from solver.network.architecture import Architecture, Place
from solver.problem import Problem
from solver.variation.template import Template, convolutions


class ApproachII(Approach):
    """The first kernel is spread over a larger image; it keeps its weights.

    Find ``P1', S1', D1'`` such that ``M1' = M1`` (Eqs. 7, 8). Parameters stay equal of themselves;
    so do FLOPs, unless pools before the first convolution see the larger image.
    """

    name = "II"
    unknowns = {  # noqa: RUF012 - as declared in the base class
        "N": "resolution",
        "P1": "padding",
        "S1": "stride",
        "D1": "dilation",
    }

    def misfit(self, architecture: Architecture) -> tuple[Place, str] | None:
        """It needs a convolution."""
        if convolutions(architecture.layers):
            return None
        return ("layers",), "approach II changes the first convolution; this network has none"

    def template(self, architecture: Architecture) -> Template:
        """Unknowns in conv1."""
        conv1, _ = convolutions(architecture.layers)[0]
        unknowns = {
            (conv1, "padding"): "P1",
            (conv1, "stride"): "S1",
            (conv1, "dilation"): "D1",
        }
        return Template(architecture, architecture.layers, unknowns, junction=conv1)

    def requirements(self, template: Template) -> Sequence[Constraint]:
        """Eqs. 7 and 8."""
        return [MapSizes(template), SameMap(template)]

    def printed_budgets(self, problem: Problem, template: Template) -> Mapping[str, EqualBudget]:  # noqa: ARG002
        """Eq. 8 has none."""
        return {}
