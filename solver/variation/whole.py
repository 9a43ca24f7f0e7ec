"""The template of approach V: every width group of a network is an unknown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Final, NamedTuple

from solver.network.architecture import Architecture
from solver.network.expectations import listed
from solver.network.schema import Fault
from solver.network.slips import shown
from solver.variation.groups import WidthGroups
from solver.variation.polynomial import Polynomial
from solver.variation.template import Assignment, Template
from solver.variation.unknown import N, Range, Role, Unknown
from solver.variation.width_terms import WidthTerms

MOST_NEAR: Final = 3
"""Names that are suggested for one that is not known."""
PATTERN: Final = "*?[]"
"""Characters that make a name a pattern."""


class Widths(NamedTuple):
    """The widths that a group may take: the multiples of ``step`` from ``low`` to ``high``."""

    low: int
    high: int
    step: int

    @property
    def in_steps(self) -> Range:
        """The bounds in steps; empty if no multiple lies between them."""
        return Range(-(-self.low // self.step), self.high // self.step)

    @property
    def only(self) -> int | None:
        """The width, if just one is left."""
        low, high = self.in_steps
        return low * self.step if low == high else None


@dataclass(frozen=True)
class WholeTemplate(Template):
    """A network with an unknown width for each group, and an unknown resolution.

    Attributes
    ----------
    terms
        What is asked of the widths.
    groups
        The groups, at the original's resolution.
    """

    terms: WidthTerms
    groups: WidthGroups

    @classmethod
    def of(cls, original: Architecture, terms: WidthTerms) -> "WholeTemplate":
        """The template of a network.

        Raises
        ------
        solver.variation.template.MisfitError
            The network's widths cannot be grouped.
        """
        groups = WidthGroups.of(original, grouped=terms.grouped, squeeze=terms.squeeze)
        layers, links = original.layers, original.links
        widths = [Unknown(it, it, "width", Role.WIDTH, "widths") for it in groups.names]
        end = len(layers)
        return cls(original, layers, links, (N, *widths), {}, end, terms, groups)

    @cached_property
    def fields(self) -> Mapping[tuple[int, str], Polynomial]:
        """Every field that varies, as a linear polynomial of the groups' widths."""
        return self.groups.fields

    @cached_property
    def width(self) -> str | None:
        """No single width pays for the resolution."""
        return None

    @cached_property
    def windows(self) -> list[int]:
        """No layer has an unknown geometry."""
        return []

    def symbol(self, place: int, field: str) -> str | None:  # noqa: ARG002
        """Fields depend on groups, and none is an unknown of its own."""
        return None

    @cached_property
    def own(self) -> Mapping[str, int]:
        """The original's width of each group."""
        return dict(zip(self.groups.names, self.groups.sizes, strict=True))

    def largest_change(self, assignment: Assignment) -> float:
        """The largest of ``w'/w`` and ``w/w'`` over the groups of a variant."""
        pairs = ((assignment[name], old) for name, old in self.own.items())
        return max(max(new / old, old / new) for new, old in pairs)

    def at(self, resolution: int) -> WidthGroups:
        """The groups, with the counts at a resolution.

        Raises
        ------
        solver.variation.template.MisfitError
            A layer does not fit at this resolution.
        """
        terms = self.terms
        return WidthGroups.of(
            self.original, resolution=resolution, grouped=terms.grouped, squeeze=terms.squeeze
        )

    @cached_property
    def widths(self) -> Mapping[str, Widths]:
        """The widths that each group may take (Eq. 24)."""
        return {name: self._widths_of(place, name) for place, name in enumerate(self.groups.names)}

    def _widths_of(self, place: int, name: str) -> Widths:
        size, unit = self.groups.sizes[place], self.groups.units[place]
        if any(self._names(pattern, place) for pattern in self.terms.freeze):
            return Widths(size, size, 1)
        low, high = self.terms.bounds(size)
        if own := self.terms.groups.get(name):
            low, high = max(1, -(-own.low // unit)), own.high // unit
        return Widths(low, high, self.groups.step(place, self.terms.step))

    def _names(self, pattern: str, place: int) -> bool:
        """Whether a pattern names a group, or a layer that makes it."""
        names = (self.groups.names[place], *self._makers[self.groups.names[place]])
        return any(fnmatchcase(name, pattern) for name in names)

    @cached_property
    def _makers(self) -> Mapping[str, Sequence[str]]:
        """The convolutions and linear layers whose own width depends on each group."""
        found: dict[str, list[str]] = {name: [] for name in self.groups.names}
        for (place, field), polynomial in self.fields.items():
            if field != "groups":
                for name in polynomial.symbols:
                    found[name].append(self.layers[place].name or "")
        return found

    def faults(self) -> Iterator[Fault]:
        """Yield the names in the terms that stand for no group, with their places in a request."""
        names = self.groups.names
        for index, pattern in enumerate(self.terms.freeze):
            if not any(self._names(pattern, place) for place in range(len(names))):
                yield ("widths", "freeze", index), self._unknown(pattern)
        for name in self.terms.groups:
            if name not in names:
                yield ("widths", "groups", name), self._unknown(name)

    def _unknown(self, name: str) -> str:
        """What is wrong with a name, and what to write instead."""
        for group, makers in self._makers.items():
            if name in makers:
                return f"the width of {name} belongs to the group {group}; write '{group}'"
        if keeper := self.groups.frozen.get(name):
            return f"the width of {name} never changes: it is tied to {keeper}"
        known = [*self._makers]
        near = get_close_matches(name, known, MOST_NEAR) or known[:MOST_NEAR]
        what = "no group has a name like" if set(name) & set(PATTERN) else "there is no group"
        plain = "".join(it for it in name if it not in PATTERN)
        written = name if shown(plain) == plain else "…"
        return f"{what} '{written}'; groups are {listed(near, 'and')}, …"
