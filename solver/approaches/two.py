"""Approach II: dilated convolution in the first convolution (Section 3.2)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from solver.approaches.base import Approach
from solver.constraints.base import Constraint
from solver.constraints.maps import MapSizes, SameMap
from solver.network.architecture import Architecture
from solver.variation.template import Template, convolutions
from solver.variation.unknown import N, window_of

if TYPE_CHECKING:
    from solver.problem import Problem


class ApproachII(Approach):
    """The first kernel is spread over a larger image; it keeps its weights.

    Find ``P1', S1', D1'`` such that ``M1' = M1`` (Eqs. 7, 8). Parameters always stay equal. FLOPs
    do, too, unless pools before the first convolution see the larger image.
    """

    name = "II"
    unknowns = (N, *window_of("conv1", "1", "padding", "stride", "dilation"))

    def lacks(self, architecture: Architecture) -> str | None:
        """It needs a convolution."""
        if convolutions(architecture.layers):
            return None
        return "approach II changes the first convolution; this network has none"

    def _template(self, architecture: Architecture) -> Template:
        """Unknowns in conv1."""
        layers, links = architecture.layers, architecture.links
        conv1 = convolutions(layers)[0]
        return Template(architecture, layers, links, self.unknowns, {"conv1": conv1}, conv1)

    def requirements(self, template: Template, problem: "Problem") -> Sequence[Constraint]:  # noqa: ARG002
        """Eqs. 7 and 8."""
        return [MapSizes(template), SameMap(template)]
