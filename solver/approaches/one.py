"""Approach I: average pooling before the first linear layer (Section 3.1)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from solver.approaches.base import Approach
from solver.constraints.base import Constraint
from solver.constraints.budget import EqualBudget
from solver.constraints.maps import MapSizes
from solver.constraints.printed import Equation6, SameWidth
from solver.network.architecture import Architecture
from solver.network.counting import shapes
from solver.network.graph import bypass
from solver.network.layers import Flatten, GlobalAvgPool2d
from solver.variation.template import Template, with_pool
from solver.variation.unknown import N, Role, Unknown

if TYPE_CHECKING:
    from solver.problem import Problem


class ApproachI(Approach):
    """Each map is averaged to one number at any resolution; the first linear layer pays.

    Find ``Z1'`` such that the budget is equal (Eq. 6). Windows before the pool must fit; their
    outputs may have any size.
    """

    name = "I"
    unknowns = (N, Unknown("Z1", "linear1", "out_features", Role.WIDTH, "out_features"))

    def lacks(self, architecture: Architecture) -> str | None:
        """It needs two linear layers, since the last one's features are the network's output."""
        found = len(_linears(architecture))
        if found >= 2:
            return None
        return (
            "approach I changes the first linear layer and needs a second one behind it; "
            f"this network has {found}"
        )

    def _template(self, architecture: Architecture) -> Template:
        """Insert the pool if there is none; the width of the first linear layer is unknown."""
        layers, links, pool = architecture.layers, architecture.links, _own_pool(architecture)
        if pool is None:
            pool = _flat_from(architecture)
            layers, links = with_pool(architecture, pool, GlobalAvgPool2d())
        first = next(place for place, layer in enumerate(layers) if layer.is_linear)
        places = {"linear1": first}
        return Template(architecture, layers, links, self.unknowns, places, junction=pool)

    def requirements(self, template: Template, problem: "Problem") -> Sequence[Constraint]:  # noqa: ARG002
        """Windows fit; the map sizes are free, since the pool makes one pixel of any map."""
        return [MapSizes(template)]

    def printed_budgets(self, problem: "Problem", template: Template) -> Mapping[str, EqualBudget]:
        """``Z1' = Z1``, and Eq. 6."""
        sizes = template.original_walk.shapes
        first, second, *_ = _linears(template.original)
        channels, side, _ = sizes[template.junction]
        Z1, Z2 = (sizes[place + 1][0] for place in (first, second))
        original = {"U1": side, "V1": channels, "Z1": Z1, "Z2": Z2}
        given = (template, problem.tolerance, self.width, original)
        return {
            "params": SameWidth(*given, maps={}),
            "flops": Equation6(*given, maps={"U1": template.junction - 1}),
        }


def _linears(architecture: Architecture) -> list[int]:
    return [place for place, layer in enumerate(architecture.layers) if layer.is_linear]


def _flat_from(architecture: Architecture) -> int:
    """Place of the layer that flattens the maps for the first linear layer."""
    first = _linears(architecture)[0]
    flat = (
        place
        for place, layer in enumerate(architecture.layers[:first])
        if isinstance(layer, Flatten) and len(shapes(architecture)[place]) > 1
    )
    return max(flat)


def _own_pool(architecture: Architecture) -> int | None:
    """Place of a global pool that is the last layer to change maps; ``None`` if there is none."""
    for place in reversed(range(_flat_from(architecture))):
        layer = architecture.layers[place]
        if layer.changes_maps:
            is_own = isinstance(layer, GlobalAvgPool2d)
            return place if is_own and bypass(architecture.links, place + 1) is None else None
    return None
