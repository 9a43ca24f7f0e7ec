"""The base class of approaches."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from solver.constraints.base import Constraint
from solver.constraints.budget import EqualBudget, EqualFlops, EqualParams
from solver.constraints.coverage import MinCoverage
from solver.constraints.maps import LargerKernel, ProperPool
from solver.constraints.ranges import WithinRange
from solver.constraints.widths import DivisibleByGroups
from solver.network.architecture import MAX_LAYERS, Architecture
from solver.network.graph import bypass
from solver.network.layers import Conv2d, Weighted
from solver.network.schema import Fault
from solver.variation.template import MisfitError, Template, convolutions, faults_of
from solver.variation.unknown import MAX_WIDTH, RESOLUTION, Range, Role, Unknown

if TYPE_CHECKING:
    from solver.problem import Problem, Question


class Approach(ABC):
    """A way to change a network, as in Section 3: unknowns, a template, and constraints.

    A new approach is a module with a subclass and a line in :data:`solver.approaches.APPROACHES`.
    """

    name: ClassVar[str]
    unknowns: ClassVar[tuple[Unknown, ...]]
    """The unknowns that all networks share, in the order in which answers are sorted."""
    is_whole: ClassVar[bool] = False
    """Whether it changes the whole network: each network has unknowns of its own, and so many
    solutions that some are found, and none counted."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols of :attr:`unknowns`, in order."""
        return tuple(it.symbol for it in self.unknowns)

    @property
    def width(self) -> str | None:
        """The unknown number of filters or features that pays for the resolution, if any."""
        return next((it.symbol for it in self.unknowns if it.role is Role.WIDTH), None)

    @abstractmethod
    def lacks(self, architecture: Architecture) -> str | None:
        """Which layers that it changes are missing, in words; ``None`` if none is."""

    @abstractmethod
    def _template(self, architecture: Architecture) -> Template:
        """The template of a network in which no such layer is missing."""

    @abstractmethod
    def requirements(self, template: Template, problem: "Problem") -> Sequence[Constraint]:
        """The constraints of Section 3 other than ranges and budgets."""

    def printed_budgets(
        self,
        problem: "Problem",  # noqa: ARG002
        template: Template,  # noqa: ARG002
    ) -> Mapping[str, EqualBudget]:
        """The budgets as printed, for scope ``paper``: ``params`` and ``flops``, if any."""
        return {}

    def template(
        self,
        architecture: Architecture,
        question: "Question | None" = None,  # noqa: ARG002
    ) -> Template:
        """The network with the unknowns in it; a question may say more about them.

        Raises
        ------
        MisfitError
            The approach cannot be applied to the network.
        """
        if lacking := self.lacks(architecture):
            raise MisfitError(lacking)
        _, height, width = architecture.input.shape
        if height != width:
            raise MisfitError(
                f"approach {self.name} changes square images; this network's are {height}×{width}",
                ("input",),
            )
        template = self._template(architecture)
        for place, reason in self._misfits(template):
            raise MisfitError(reason, place)
        return template

    def misfit(self, architecture: Architecture) -> Fault | None:
        """Why the approach cannot be applied to a network, with the place; else ``None``."""
        try:
            self.template(architecture)
        except MisfitError as misfit:
            return misfit.place, str(misfit)
        return None

    def faults(self, question: "Question", architecture: Architecture) -> Iterator[Fault]:
        """Yield why a question cannot be asked of a network, with places in the request."""
        yield from faults_of(lambda: self.template(architecture, question))

    def _misfits(self, template: Template) -> Iterator[Fault]:
        """Yield what is in the way in a network in which no changed layer is missing."""
        if len(template.layers) > MAX_LAYERS:
            reason = f"approach {self.name} adds a layer; a network has {MAX_LAYERS} at most"
            yield ("layers",), reason
        added = len(template.layers) - len(template.original.layers)
        for place, layer in enumerate(template.layers[: template.junction + 1]):
            if not layer.is_square:
                yield (
                    ("layers", place),
                    f"approach {self.name} asks for square kernels and maps as far as "
                    f"{template.layers[template.junction].name}; {layer.name} is not square",
                )
        changed = {*template.places.values(), template.junction}
        for place in sorted(changed):
            if (around := bypass(template.links, place + 1)) is not None:
                yield (
                    ("layers", around - added),
                    f"approach {self.name} changes {template.layers[place].name}, through which "
                    f"everything must go; {template.layers[around].name} reads what is before it",
                )
        names = {template.layers[place].name: place for place in changed}
        for place, layer in enumerate(template.layers):
            shared = layer.shares if isinstance(layer, Weighted) else None
            if shared is not None and (shared in names or place in changed):
                yield (
                    ("layers", place - added * (place > template.junction)),
                    f"approach {self.name} changes {shared if shared in names else layer.name}; "
                    f"{layer.name} has the weights of {shared}",
                )
        try:
            _ = template.fields
        except MisfitError as tied:
            yield tied.place, f"approach {self.name} changes a width, but {tied}"

    def constraints(self, problem: "Problem") -> list[Constraint]:
        """All constraints of a problem, in the order in which they are posted."""
        template = problem.template
        found: list[Constraint] = [
            WithinRange(unknown, self.bounds(unknown, problem)) for unknown in self.unknowns
        ]
        found += self.requirements(template, problem)
        if problem.min_coverage and convolutions(template.layers):
            found.append(self._min_coverage(template, problem))
        budgets = self.budgets(problem, template)
        found += [it for name, it in budgets.items() if problem.budget in (name, "both")]
        return found

    def bounds(self, unknown: Unknown, problem: "Problem") -> Range:
        """Bounds of an unknown; a width without a range is only bounded below, by 1."""
        return getattr(problem.bounds, unknown.range) or Range(1, MAX_WIDTH)

    def _min_coverage(self, template: Template, problem: "Problem") -> Constraint:
        """The constraint on the share of the input that conv1 reads."""
        conv1 = convolutions(template.layers)[0]
        geometry = [
            unknown
            for unknown in self.unknowns
            if unknown.symbol == RESOLUTION
            or (template.places.get(unknown.layer) == conv1 and unknown.role is not Role.WIDTH)
        ]
        bounds = tuple((it.symbol, self.bounds(it, problem)) for it in geometry)
        return MinCoverage(template, problem.min_coverage, bounds)

    def budgets(self, problem: "Problem", template: Template) -> Mapping[str, EqualBudget]:
        """The budget constraints in the problem's scope."""
        if problem.scope == "paper":
            return self.printed_budgets(problem, template)
        tolerance = problem.tolerance
        return {
            "params": EqualParams(template, tolerance, self.width),
            "flops": EqualFlops(template, tolerance, self.width, problem.count_pooling),
        }

    def symbol(self, layer: str, role: Role) -> str:
        """The unknown with this role in this layer."""
        return next(it.symbol for it in self.unknowns if (it.layer, it.role) == (layer, role))

    def larger_kernel(self, template: Template, problem: "Problem") -> LargerKernel:
        """``C1' > C1``, or ``C1' ≥ C1`` if the problem allows it."""
        symbol, kernel = self.symbol("conv1", Role.KERNEL), first_convolution(template)["C1"]
        return LargerKernel(symbol, kernel, may_stay=not problem.kernel_grows)

    def proper_pool(self) -> ProperPool:
        """The inserted pool is one that PyTorch accepts."""
        return ProperPool(self.symbol("pool", Role.KERNEL), self.symbol("pool", Role.PADDING))

    def divisible_width(self, template: Template) -> list[Constraint]:
        """Groups divide the channels of the convolutions that make or read the width."""
        if self.width is None:
            return []
        return [DivisibleByGroups(self.width, *it) for it in template.divisors.items()]


def first_convolution(template: Template) -> dict[str, int]:
    """The paper's symbols for the original's first convolution: ``D``, ``K1``, ``C1``, ``M1``."""
    place, sizes = template.places["conv1"], template.original_walk.shapes
    conv1 = template.original.layers[place]
    assert isinstance(conv1, Conv2d)
    (filters, side, _), depth = sizes[place + 1], sizes[template.links[place][0]][0]
    return {"D": depth, "K1": filters, "C1": conv1.along(0).c, "M1": side}
