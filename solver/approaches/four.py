"""Approach IV: adjusting the first two convolutions (Section 3.4)."""

from collections.abc import Mapping, Sequence

from solver.approaches.base import Approach
from solver.constraints.base import Constraint
from solver.constraints.budget import EqualBudget
from solver.constraints.maps import LargerKernel, MapSizes, SameMap
from solver.constraints.printed import Equation15, Equation19
from solver.constraints.widths import groups_divide_k1
from solver.network.architecture import Architecture, Place
from solver.network.counting import shapes
from solver.problem import Problem
from solver.variation.template import Template, convolutions


class ApproachIV(Approach):
    """A larger first kernel and other filters, made up for in the second convolution.

    Find ``K1', C1', P1', S1', C2', P2', S2'`` such that ``M2' = M2``, the budget is equal
    (Eq. 15 or 19) and ``C1' > C1``; ``K2' = K2``, so that the rest of the network is not touched
    (Eqs. 18, 20).
    """

    name = "IV"
    unknowns = {  # noqa: RUF012 - as declared in the base class
        "N": "resolution",
        "K1": "out_channels",
        "C1": "kernel_size",
        "P1": "padding",
        "S1": "stride",
        "C2": "kernel_size",
        "P2": "padding",
        "S2": "stride",
    }

    def misfit(self, architecture: Architecture) -> tuple[Place, str] | None:
        """It needs two convolutions."""
        found = len(convolutions(architecture.layers))
        if found >= 2:
            return None
        reason = f"approach IV changes the first two convolutions; this network has {found}"
        return ("layers",), reason

    def template(self, architecture: Architecture) -> Template:
        """Unknowns in conv1 and conv2; what stands between them stays."""
        (conv1, _), (conv2, _) = convolutions(architecture.layers)[:2]
        unknowns = {
            (conv1, "out_channels"): "K1",
            (conv1, "kernel_size"): "C1",
            (conv1, "padding"): "P1",
            (conv1, "stride"): "S1",
            (conv2, "kernel_size"): "C2",
            (conv2, "padding"): "P2",
            (conv2, "stride"): "S2",
        }
        return Template(architecture, architecture.layers, unknowns, junction=conv2)

    def requirements(self, template: Template) -> Sequence[Constraint]:
        """Eqs. 16-18 and 20."""
        (_, first), (_, second) = convolutions(template.original.layers)[:2]
        return [
            LargerKernel(first.kernel_size),
            *groups_divide_k1(first, second),
            MapSizes(template),
            SameMap(template),
        ]

    def printed_budgets(self, problem: Problem, template: Template) -> Mapping[str, EqualBudget]:
        """Eqs. 15 and 19."""
        (conv1, first), (conv2, second) = convolutions(template.original.layers)[:2]
        sizes = shapes(template.original)
        original = {
            "D": sizes[conv1][0],
            "K1": first.out_channels,
            "C1": first.kernel_size,
            "M1": sizes[conv1 + 1][1],
            "K2": second.out_channels,
            "C2": second.kernel_size,
            "M2": sizes[conv2 + 1][1],
        }
        given = (template, problem.tolerance, self.width, original, {"M1": conv1})
        return {"params": Equation15(*given), "flops": Equation19(*given)}
