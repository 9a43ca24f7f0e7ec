"""Approach III: a pooling layer after the first convolution (Section 3.3)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from solver.approaches.base import Approach, first_convolution
from solver.constraints.base import Constraint
from solver.constraints.budget import EqualBudget
from solver.constraints.maps import MapSizes, SameMap
from solver.constraints.printed import Equation9, Equation14
from solver.network.architecture import Architecture
from solver.network.graph import readers
from solver.network.layers import Activation, MaxPool2d, Norm
from solver.variation.template import Template, convolutions, with_pool
from solver.variation.unknown import N, Role, Unknown, window_of

if TYPE_CHECKING:
    from solver.problem import Problem


class ApproachIII(Approach):
    """A larger first kernel and other filters, then a max pool that brings the map's size back.

    Find ``K1', C1', P1', S1', Cp, Pp, Sp`` such that ``Mp = M1``, the budget is equal (Eq. 9 or 14)
    and ``C1' > C1`` (Eqs. 13, 14).
    """

    name = "III"
    unknowns = (
        N,
        Unknown("K1", "conv1", "out_channels", Role.WIDTH, "out_channels"),
        *window_of("conv1", "1", "kernel_size", "padding", "stride"),
        *window_of("pool", "p", "kernel_size", "padding", "stride", ranges="pool_"),
    )

    def lacks(self, architecture: Architecture) -> str | None:
        """It needs a convolution whose filters are not yet the network's output."""
        if not convolutions(architecture.layers):
            return "approach III changes the first convolution; this network has none"
        if sum(bool(layer.width_fields) for layer in architecture.layers) < 2:
            return (
                "approach III changes the filters of the first convolution and needs a convolution "
                "or a linear layer behind it; this network has none"
            )
        return None

    def _template(self, architecture: Architecture) -> Template:
        """Unknowns in conv1, and in a pool inserted behind its norm and activation."""
        layers, links = architecture.layers, architecture.links
        conv1 = convolutions(layers)[0]
        pool = conv1 + 1
        while (
            pool < len(layers)
            and isinstance(layers[pool], Norm | Activation)
            and links[pool] == (pool,)
            and readers(links, pool) == [pool]
        ):
            pool += 1
        pooled, links = with_pool(architecture, pool, MaxPool2d(kernel_size=1))
        places = {"conv1": conv1, "pool": pool}
        return Template(architecture, pooled, links, self.unknowns, places, junction=pool)

    def requirements(self, template: Template, problem: "Problem") -> Sequence[Constraint]:
        """Eqs. 11-13."""
        return [
            self.larger_kernel(template, problem),
            *self.divisible_width(template),
            self.proper_pool(),
            MapSizes(template),
            SameMap(template),
        ]

    def printed_budgets(self, problem: "Problem", template: Template) -> Mapping[str, EqualBudget]:
        """Eqs. 9 and 14."""
        original, maps = first_convolution(template), {"M1": template.places["conv1"]}
        given = (template, problem.tolerance, self.width, original, maps)
        return {"params": Equation9(*given), "flops": Equation14(*given)}
