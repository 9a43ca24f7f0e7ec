"""Approach V: every width of a network, at a higher resolution (beyond the paper)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from solver.approaches.base import Approach
from solver.constraints.base import Constraint
from solver.constraints.budget import EqualBudget, EqualFlops, EqualMacs, EqualParams
from solver.constraints.maps import MapSizes
from solver.constraints.ranges import WithinRange
from solver.constraints.whole import MostActivations, MostParams, WithinWidths
from solver.network.architecture import Architecture
from solver.variation.template import MisfitError, Template
from solver.variation.unknown import RESOLUTION, N
from solver.variation.whole import WholeTemplate
from solver.variation.width_terms import WidthTerms

if TYPE_CHECKING:
    from solver.problem import Problem, Question

RESERVED: Final = frozenset(
    {RESOLUTION, "params", "macs", "flops", "activations", "rows", "rows_read", "receptive_field"}
)
"""Columns of every answer, after which no unknown can be named."""


class ApproachV(Approach):
    """The image grows, every map grows with it, and all widths adapt.

    Find ``N'`` and ``w'`` for each width group such that the budgets are equal (Eqs. 21, 22), the
    activations stay within a bound (Eq. 23) and each width is within its bounds (Eq. 24). There is
    one unknown for each group, named after the first layer that makes it.
    """

    name = "V"
    unknowns = (N,)
    is_whole = True

    def lacks(self, architecture: Architecture) -> str | None:
        """It needs a width that may change."""
        if any(layer.width_fields for layer in architecture.layers[:-1]):
            return None
        return "approach V changes widths; this network has none besides its output's"

    def template(self, architecture: Architecture, question: "Question | None" = None) -> Template:
        """Unknowns for all width groups; what is asked of them is part of the template."""
        if lacking := self.lacks(architecture):
            raise MisfitError(lacking)
        terms = question.widths if question is not None else None
        template = WholeTemplate.of(architecture, terms or WidthTerms())
        if not template.widths:
            raise MisfitError("approach V changes widths; every width of this network is frozen")
        places = {layer.name: place for place, layer in enumerate(architecture.layers)}
        if taken := RESERVED.intersection(template.widths):
            name = min(taken)
            raise MisfitError(
                f"approach V names unknowns after layers, and '{name}' is the name of another "
                "column; rename this layer",
                ("layers", places[name], "name"),
            )
        return template

    def _template(self, architecture: Architecture) -> Template:
        """As :meth:`template`, with the defaults."""
        return self.template(architecture)

    def constraints(self, problem: "Problem") -> list[Constraint]:
        """Eqs. 21 to 24."""
        template = problem.template
        assert isinstance(template, WholeTemplate)
        found: list[Constraint] = [WithinRange(N, self.bounds(N, problem))]
        found += [WithinWidths(name, widths) for name, widths in template.widths.items()]
        found += self.requirements(template, problem)
        budgets = self.budgets(problem, template)
        return found + [it for name, it in budgets.items() if problem.budget in (name, "both")]

    def requirements(self, template: Template, problem: "Problem") -> Sequence[Constraint]:
        """Windows fit, and what is bounded from above stays below its bound (Eq. 23)."""
        found: list[Constraint] = [MapSizes(template)]
        if problem.max_params is not None:
            found.append(MostParams(template, problem.max_params))
        if problem.max_activations is not None:
            found.append(MostActivations(template, problem.max_activations))
        return found

    def budgets(self, problem: "Problem", template: Template) -> Mapping[str, EqualBudget]:
        """Eqs. 21 and 22."""
        flops: EqualBudget = EqualFlops(template, problem.tolerance, None, problem.count_pooling)
        if problem.count == "macs":
            flops = EqualMacs(template, problem.tolerance, None)
        return {"params": EqualParams(template, problem.tolerance, None), "flops": flops}
