"""Width groups: which layers must have the same number of channels.

The channels of a tensor are a list of segments ``(group, times)``. A group stands for a number of
channels that is the same wherever the group occurs. It is free, or defined by a list of segments.
A layer that adds two tensors unifies their lists (:meth:`Widths.unify`). Unifying cuts groups where
a border of one list falls within a segment of the other.
"""

from collections.abc import Iterable, Mapping
from math import gcd
from typing import Final, TypeAlias

Segments: TypeAlias = list[tuple[int, int]]
"""Channels as a list of groups, each with the number of its repetitions."""

MAX_SEGMENTS: Final = 250_000
"""Most segments that all tensors of a network may have together."""


class TiedError(ValueError):
    """Channels cannot be split or unified as asked; the message says why."""


class Widths:
    """The groups of one network, with the number of channels that each has in it."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.frozen: dict[int, str] = {}
        """Groups that may not change, each with what keeps it: the image, the output."""
        self.divided: list[tuple[Segments, int]] = []
        """Channels, each with a number that must divide how many they are."""
        self._definitions: dict[int, Segments] = {}

    def new(self, size: int) -> Segments:
        """Channels that form a new group."""
        self.sizes.append(size)
        return [(len(self.sizes) - 1, 1)]

    def free(self, segments: Iterable[tuple[int, int]]) -> Segments:
        """The same channels in terms of free groups only."""
        left, found = list(segments)[::-1], Segments()
        while left:
            found.append(self._next(left))
        return found

    def _next(self, left: Segments) -> tuple[int, int]:
        """Take the first segment of free channels from a list in reverse order."""
        group, times = left.pop()
        while group in self._definitions:
            left += [(it, times * n) for it, n in reversed(self._definitions[group])]
            group, times = left.pop()
        return group, times

    def size(self, segments: Iterable[tuple[int, int]]) -> int:
        """The number of channels."""
        return sum(self.sizes[group] * times for group, times in segments)

    def keepers(self) -> Mapping[int, str]:
        """The free groups that may not change, each with what keeps it first."""
        found: dict[int, str] = {}
        for frozen, keeper in self.frozen.items():
            for group, _ in self.free([(frozen, 1)]):
                found.setdefault(group, keeper)
        return found

    def is_frozen(self, segments: Iterable[tuple[int, int]]) -> bool:
        """Whether none of these channels may change."""
        return self.keepers().keys() >= {group for group, _ in self.free(segments)}

    def freeze(self, segments: Iterable[tuple[int, int]], keeper: str) -> None:
        """Forbid changes of these groups; ``keeper`` is what keeps them, in words."""
        for group, _ in self.free(segments):
            self.frozen.setdefault(group, keeper)

    def grouped(self, read: Segments, size: int, groups: int) -> Segments:
        """The ``size`` channels that a convolution makes of these, in ``groups`` groups.

        The number of groups stays, and must divide both widths (:attr:`divided`).
        """
        own = self.new(size)
        self.divide(read, groups)
        self.divide(own, groups)
        return own

    def divide(self, segments: Segments, number: int) -> None:
        """Require that a number divides the total of these channels."""
        self.divided.append((segments, number))

    def divisors(self, group: int) -> set[int]:
        """Numbers that must divide any change of a free group's width while all others stay."""
        found = set()
        for segments, number in self.divided:
            times = form(self.free(segments)).get(group, 0)
            found.add(number // gcd(number, times))
        return found - {1}

    def unify(self, left: Segments, right: Segments) -> None:
        """Make the groups of two lists equal, channel by channel.

        Raises
        ------
        TiedError
            The lists have different numbers of channels, or a repeated group would be cut.
        """
        if self.size(left) != self.size(right):
            raise TiedError(f"{self.size(left)} channels cannot be {self.size(right)}")
        left, right = list(left)[::-1], list(right)[::-1]
        while left:
            one, other = self._next(left), self._next(right)
            if one == other:
                continue
            length = min(self.size([one]), self.size([other]))
            a, behind = self.cut([one], length)
            left += reversed(behind)
            b, behind = self.cut([other], length)
            right += reversed(behind)
            a, b = self.free(a), self.free(b)
            if len(a) == len(b) == 1:
                self._tie(a[0], b[0])
            else:
                self.unify(a, b)

    def cut(self, segments: Segments, size: int) -> tuple[Segments, Segments]:
        """Split channels into the first ``size`` and the rest; a group that is cut becomes two.

        Raises
        ------
        TiedError
            The cut falls within a group that is repeated.
        """
        rest, first = self.free(segments), Segments()
        while size > 0:
            (group, times), *behind = rest
            each = self.sizes[group]
            if each * times <= size:
                first.append((group, times))
                rest, size = behind, size - each * times
            elif size % each == 0:
                first.append((group, size // each))
                rest, size = [(group, times - size // each), *behind], 0
            elif times == 1:
                a, b = map(self.new, (size, each - size))
                self._define(group, a + b)
                first, rest, size = self.free(first) + a, b + self.free(behind), 0
            else:
                raise TiedError("channels are cut within a group that is repeated")
        return first, rest

    def parts(self, segments: Segments, number: int) -> list[Segments]:
        """Split channels into ``number`` equal parts, which have the same width from now on.

        Raises
        ------
        TiedError
            A border falls within a group that is repeated, or the parts are too many.
        """
        segments = self.free(segments)
        if len(segments) == 1:
            return [self._part(segments[0], number)] * number
        if len(segments) * number > MAX_SEGMENTS:
            raise TiedError(f"channels of {len(segments):,} groups are cut in {number:,} parts")
        each, found, rest = self.size(segments) // number, list[Segments](), segments
        for _ in range(number - 1):
            part, rest = self.cut(rest, each)
            found.append(part)
        found.append(rest)
        for part in found[1:]:
            self.unify(found[0], part)
        return [self.free(part) for part in found]

    def _part(self, segment: tuple[int, int], number: int) -> Segments:
        """One of the equal parts of a repeated group."""
        group, times = segment
        self.bundle(group, number // gcd(number, times))
        return [(unit, total // number) for unit, total in self.free([segment])]

    def bundle(self, group: int, number: int) -> None:
        """Let the width of a free group be a multiple of a number that divides it now."""
        if number > 1:
            ((unit, _),) = self.new(self.sizes[group] // number)
            self._define(group, [(unit, number)])

    def _tie(self, left: tuple[int, int], right: tuple[int, int]) -> None:
        """Tie two repeated groups: define them so that their total widths stay equal."""
        (g, m), (h, k) = left, right
        if g == h:
            return
        if g > h:
            (g, m), (h, k) = (h, k), (g, m)
        if m == k:
            self._define(h, [(g, 1)])
            return
        common = gcd(m, k)
        ((unit, _),) = self.new(self.sizes[g] * common // k)
        self._define(g, [(unit, k // common)])
        self._define(h, [(unit, m // common)])

    def _define(self, group: int, segments: Segments) -> None:
        self._definitions[group] = segments


def repeated(segments: Segments, number: int) -> Segments:
    """The same channels ``number`` times, one after the other."""
    match segments:
        case [(group, times)]:
            return [(group, times * number)]
        case _:
            return segments * number


def form(segments: Iterable[tuple[int, int]]) -> Mapping[int, int]:
    """How often each group occurs, over all segments."""
    found: dict[int, int] = {}
    for group, times in segments:
        found[group] = found.get(group, 0) + times
    return found
