"""Approach IV: adjusting the first two convolutions (Section 3.4)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from solver.approaches.base import Approach, first_convolution
from solver.constraints.base import Constraint
from solver.constraints.budget import EqualBudget
from solver.constraints.maps import MapSizes, SameMap
from solver.constraints.printed import Equation15, Equation19
from solver.network.architecture import Architecture
from solver.network.layers import Conv2d
from solver.variation.template import Template, convolutions
from solver.variation.unknown import N, Role, Unknown, window_of

if TYPE_CHECKING:
    from solver.problem import Problem


class ApproachIV(Approach):
    """A larger first kernel with another number of filters; the second convolution adapts.

    Find ``K1', C1', P1', S1', C2', P2', S2'`` such that ``M2' = M2``, the budget is equal
    (Eq. 15 or 19) and ``C1' > C1``. ``K2' = K2`` keeps the rest of the network unchanged
    (Eqs. 18, 20).
    """

    name = "IV"
    unknowns = (
        N,
        Unknown("K1", "conv1", "out_channels", Role.WIDTH, "out_channels"),
        *window_of("conv1", "1", "kernel_size", "padding", "stride"),
        *window_of("conv2", "2", "kernel_size", "padding", "stride"),
    )

    def lacks(self, architecture: Architecture) -> str | None:
        """It needs two convolutions."""
        found = len(convolutions(architecture.layers))
        if found >= 2:
            return None
        return f"approach IV changes the first two convolutions; this network has {found}"

    def _template(self, architecture: Architecture) -> Template:
        """Unknowns in conv1 and conv2; the layers between them stay."""
        layers, links = architecture.layers, architecture.links
        conv1, conv2 = convolutions(layers)[:2]
        places = {"conv1": conv1, "conv2": conv2}
        return Template(architecture, layers, links, self.unknowns, places, junction=conv2)

    def requirements(self, template: Template, problem: "Problem") -> Sequence[Constraint]:
        """Eqs. 16-18 and 20."""
        return [
            self.larger_kernel(template, problem),
            *self.divisible_width(template),
            MapSizes(template),
            SameMap(template),
        ]

    def printed_budgets(self, problem: "Problem", template: Template) -> Mapping[str, EqualBudget]:
        """Eqs. 15 and 19."""
        conv2 = template.places["conv2"]
        second = template.original.layers[conv2]
        assert isinstance(second, Conv2d)
        K2, M2, _ = template.original_walk.shapes[conv2 + 1]
        original = first_convolution(template) | {"K2": K2, "C2": second.along(0).c, "M2": M2}
        maps = {"M1": template.places["conv1"]}
        given = (template, problem.tolerance, self.width, original, maps)
        return {"params": Equation15(*given), "flops": Equation19(*given)}
