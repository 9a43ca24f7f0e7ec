"""Approach I: average pooling before the first linear layer (Section 3.1)."""

from collections.abc import Mapping, Sequence

from solver.approaches.base import Approach
from solver.constraints.base import Constraint
from solver.constraints.budget import EqualBudget
from solver.constraints.maps import MapSizes
from solver.constraints.printed import Equation6, SameWidth
from solver.network.architecture import (
    MAX_LAYERS,
    Architecture,
    Conv2d,
    Flatten,
    GlobalAvgPool2d,
    Linear,
    Place,
    Pool2d,
)
from solver.network.counting import shapes
from solver.problem import Problem
from solver.variation.template import Template, with_pool


class ApproachI(Approach):
    """Each map is averaged to one number, whatever the resolution; then a linear layer pays.

    Find ``Z1'`` such that the budget is equal (Eq. 6). Windows before the pool must fit; what they
    make of a larger image is free.
    """

    name = "I"
    unknowns = {"N": "resolution", "Z1": "out_features"}  # noqa: RUF012 - as in the base class

    def misfit(self, architecture: Architecture) -> tuple[Place, str] | None:
        """It needs two linear layers, since the last one's features are the network's output."""
        found = len(_linears(architecture))
        if found < 2:
            return ("layers",), (
                "approach I changes the first linear layer and needs a second one behind it; "
                f"this network has {found}"
            )
        if len(architecture.layers) == MAX_LAYERS and _own_pool(architecture) is None:
            return ("layers",), f"approach I adds a layer; a network has {MAX_LAYERS} at most"
        return None

    def template(self, architecture: Architecture) -> Template:
        """The pool is put in where there is none, and the first linear layer is unknown."""
        layers, pool = architecture.layers, _own_pool(architecture)
        if pool is None:
            pool = _flat_from(architecture)
            layers = with_pool(layers, pool, GlobalAvgPool2d())
        first = next(index for index, layer in enumerate(layers) if isinstance(layer, Linear))
        return Template(architecture, layers, {(first, "out_features"): "Z1"}, junction=pool)

    def requirements(self, template: Template) -> Sequence[Constraint]:
        """None but that windows fit: the pool makes one pixel of any map."""
        return [MapSizes(template)]

    def printed_budgets(self, problem: Problem, template: Template) -> Mapping[str, EqualBudget]:
        """``Z1' = Z1``, and Eq. 6."""
        first, second, *_ = _linears(template.original)
        channels, side, _ = shapes(template.original)[template.junction]
        original = {"U1": side, "V1": channels, "Z1": first.out_features, "Z2": second.out_features}
        given = (template, problem.tolerance, self.width, original)
        return {
            "params": SameWidth(*given, maps={}),
            "flops": Equation6(*given, maps={"U1": template.junction - 1}),
        }


def _linears(architecture: Architecture) -> list[Linear]:
    return [layer for layer in architecture.layers if isinstance(layer, Linear)]


def _flat_from(architecture: Architecture) -> int:
    """Place of the layer that makes a vector of the maps."""
    return next(i for i, layer in enumerate(architecture.layers) if isinstance(layer, Flatten))


def _own_pool(architecture: Architecture) -> int | None:
    """Place of the global pool that maps go through last, where it is the last to change them."""
    for index in reversed(range(_flat_from(architecture))):
        layer = architecture.layers[index]
        if isinstance(layer, Conv2d | Pool2d | GlobalAvgPool2d):
            return index if isinstance(layer, GlobalAvgPool2d) else None
    return None
