"""What an approach is."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from solver.constraints.base import Constraint
from solver.constraints.budget import EqualBudget, EqualFlops, EqualParams
from solver.constraints.coverage import MinCoverage, conv1_symbols
from solver.constraints.ranges import WithinRange
from solver.network.architecture import Architecture, Place
from solver.problem import MAX_WIDTH, ApproachName, Problem, Range
from solver.variation.template import Template, convolutions


class Approach(ABC):
    """One of Section 3's ways to change a network: unknowns, a template, and constraints.

    Adding one is a module with a subclass, and a line in :data:`solver.approaches.APPROACHES`.
    """

    name: ClassVar[ApproachName]
    unknowns: ClassVar[Mapping[str, str]]
    """The symbols, in the order in which answers are sorted, and the range that each takes."""

    @property
    def width(self) -> str | None:
        """The unknown that pays for the resolution, if any: a number of filters or features."""
        widths = (symbol for symbol, field in self.unknowns.items() if field.startswith("out_"))
        return next(widths, None)

    @abstractmethod
    def misfit(self, architecture: Architecture) -> tuple[Place, str] | None:
        """Why the approach cannot be applied to a network, with the place; ``None`` if it can."""

    @abstractmethod
    def template(self, architecture: Architecture) -> Template:
        """The network with the unknowns in it."""

    @abstractmethod
    def requirements(self, template: Template) -> Sequence[Constraint]:
        """What Section 3 asks of the unknowns, but for the budget."""

    @abstractmethod
    def printed_budgets(self, problem: Problem, template: Template) -> Mapping[str, EqualBudget]:
        """The equations as printed, for scope ``paper``: ``params`` and ``flops``, if any."""

    def constraints(self, problem: Problem) -> list[Constraint]:
        """All constraints of a problem, in the order in which they are posted."""
        template = self.template(problem.architecture)
        ranges = self.ranges(problem)
        found: list[Constraint] = [
            WithinRange(symbol, self.unknowns[symbol], bounds) for symbol, bounds in ranges.items()
        ]
        found += self.requirements(template)
        if problem.min_coverage and convolutions(template.layers):
            read = conv1_symbols(template) | {"N"}
            bounds = tuple((symbol, ranges[symbol]) for symbol in self.unknowns if symbol in read)
            found.append(MinCoverage(template, problem.min_coverage, bounds))
        budgets = self.budgets(problem, template)
        found += [it for name, it in budgets.items() if problem.budget in (name, "both")]
        return found

    def ranges(self, problem: Problem) -> dict[str, Range]:
        """Bounds of each unknown; a width is free from 1 up unless it was bounded."""
        return {
            symbol: getattr(problem.bounds, field) or Range(1, MAX_WIDTH)
            for symbol, field in self.unknowns.items()
        }

    def budgets(self, problem: Problem, template: Template) -> Mapping[str, EqualBudget]:
        """The budget constraints in the problem's scope."""
        if problem.scope == "paper":
            return self.printed_budgets(problem, template)
        tolerance = problem.tolerance
        return {
            "params": EqualParams(template, tolerance, self.width),
            "flops": EqualFlops(template, tolerance, self.width, problem.count_pooling),
        }
