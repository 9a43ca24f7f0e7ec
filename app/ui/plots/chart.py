"""A plot as data: what both drawings of it are made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Scale: TypeAlias = Literal["linear", "log"]
Mark: TypeAlias = Literal["circle", "square", "triangle", "diamond", "cross"]
MARKS: Final[tuple[Mark, ...]] = ("circle", "square", "triangle", "diamond", "cross")
COLOURS: Final = 7
"""``--c1`` to ``--c7`` and ``--r1`` to ``--r7`` in ``plots.css``."""


@dataclass(frozen=True)
class Axis:
    """What an axis shows.

    Attributes
    ----------
    title
        With its unit: ``test accuracy (%)``.
    is_percent
        Whether values are fractions, which are written as percentages.
    is_whole
        Whether values are whole numbers, so that ticks are, too.
    low, high
        The range, by default that of the data with room around it.
    """

    title: str
    scale: Scale = "linear"
    is_percent: bool = False
    is_whole: bool = False
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Series:
    """Points of one colour and mark; of equal length where they are given.

    Attributes
    ----------
    names
        What a reader is shown at each point.
    links
        Where a click on each point leads: paths of this site.
    counts
        How many each point stands for; those that stand for more are drawn larger.
    low, high
        The ends of each point's interval, as an error bar, or as a band around a line.
    mark
        Lines have none; theirs are told apart by dashes, one kind for each mark.
    colour
        From 1 to :data:`COLOURS`.
    is_ramp
        Whether colours are steps from low to high, for series that stand in an order.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    names: Sequence[str] = ()
    links: Sequence[str] = ()
    counts: Sequence[int] = ()
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    mark: Mark = "circle"
    colour: int = 1
    is_ramp: bool = False
    is_line: bool = False

    @property
    def paint(self) -> str:
        """The colour as CSS, which follows the scheme of the page."""
        return f"var(--{'r' if self.is_ramp else 'c'}{self.colour})"


@dataclass(frozen=True)
class Chart:
    """A plot of some series over two axes.

    Attributes
    ----------
    title
        What the plot shows, in words: its accessible name and its file's name.
    horizontal
        Values of y that a line is drawn at, with the words beside it.
    """

    title: str
    x: Axis
    y: Axis
    series: Sequence[Series]
    horizontal: Sequence[tuple[float, str]] = ()


def distinct(place: int) -> tuple[int, Mark]:
    """The colour and the mark of the series at a place: 35 pairs before one comes again."""
    return place % COLOURS + 1, MARKS[place % len(MARKS)]
