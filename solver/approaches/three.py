"""Approach III: a pooling layer after the first convolution (Section 3.3)."""

from collections.abc import Mapping, Sequence

from solver.approaches.base import Approach
from solver.constraints.base import Constraint
from solver.constraints.budget import EqualBudget
from solver.constraints.maps import LargerKernel, MapSizes, ProperPool, SameMap
from solver.constraints.printed import Equation9, Equation14
from solver.constraints.widths import groups_divide_k1
from solver.network.architecture import (
    MAX_LAYERS,
    Architecture,
    BatchNorm2d,
    Conv2d,
    Linear,
    MaxPool2d,
    Place,
    ReLU,
)
from solver.network.counting import shapes
from solver.problem import Problem
from solver.variation.template import Template, convolutions, with_pool


class ApproachIII(Approach):
    """A larger first kernel and other filters, then a max pool that brings the map's size back.

    Find ``K1', C1', P1', S1', Cp, Pp, Sp`` such that ``Mp = M1``, the budget is equal (Eq. 9 or 14)
    and ``C1' > C1`` (Eqs. 13, 14).
    """

    name = "III"
    unknowns = {  # noqa: RUF012 - as declared in the base class
        "N": "resolution",
        "K1": "out_channels",
        "C1": "kernel_size",
        "P1": "padding",
        "S1": "stride",
        "Cp": "pool_kernel_size",
        "Pp": "pool_padding",
        "Sp": "pool_stride",
    }

    def misfit(self, architecture: Architecture) -> tuple[Place, str] | None:
        """It needs a convolution whose filters are not yet the network's output."""
        if not convolutions(architecture.layers):
            return ("layers",), "approach III changes the first convolution; this network has none"
        weighted = [layer for layer in architecture.layers if isinstance(layer, Conv2d | Linear)]
        if len(weighted) < 2:
            return ("layers",), (
                "approach III changes the filters of the first convolution and needs a convolution "
                "or a linear layer behind it; this network has none"
            )
        if len(architecture.layers) == MAX_LAYERS:
            return ("layers",), f"approach III adds a layer; a network has {MAX_LAYERS} at most"
        return None

    def template(self, architecture: Architecture) -> Template:
        """Unknowns in conv1 and in a pool behind it and its norm and activation."""
        layers = architecture.layers
        conv1, _ = convolutions(layers)[0]
        pool = conv1 + 1
        while isinstance(layers[pool], BatchNorm2d | ReLU):
            pool += 1
        unknowns = {
            (conv1, "out_channels"): "K1",
            (conv1, "kernel_size"): "C1",
            (conv1, "padding"): "P1",
            (conv1, "stride"): "S1",
            (pool, "kernel_size"): "Cp",
            (pool, "padding"): "Pp",
            (pool, "stride"): "Sp",
        }
        pooled = with_pool(layers, pool, MaxPool2d(kernel_size=2))
        return Template(architecture, pooled, unknowns, junction=pool)

    def requirements(self, template: Template) -> Sequence[Constraint]:
        """Eqs. 11-13."""
        (_, first), *behind = convolutions(template.original.layers)
        return [
            LargerKernel(first.kernel_size),
            *groups_divide_k1(first, *(layer for _, layer in behind[:1])),
            ProperPool(),
            MapSizes(template),
            SameMap(template),
        ]

    def printed_budgets(self, problem: Problem, template: Template) -> Mapping[str, EqualBudget]:
        """Eqs. 9 and 14."""
        conv1, first = convolutions(template.original.layers)[0]
        sizes = shapes(template.original)
        original = {
            "D": sizes[conv1][0],
            "K1": first.out_channels,
            "C1": first.kernel_size,
            "M1": sizes[conv1 + 1][1],
        }
        given = (template, problem.tolerance, self.width, original, {"M1": conv1})
        return {"params": Equation9(*given), "flops": Equation14(*given)}
