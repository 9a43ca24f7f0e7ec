"""A plot as data: what both drawings of it are made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Scale: TypeAlias = Literal["linear", "log"]
Mark: TypeAlias = Literal["circle", "square", "triangle", "diamond", "cross"]
COLOURS = 7
"""``--c1`` to ``--c7`` in ``site.css``; series beyond them begin anew with other marks."""


@dataclass(frozen=True)
class Axis:
    """What an axis shows.

    Attributes
    ----------
    title
        With its unit: ``test accuracy (%)``.
    is_percent
        Whether values are fractions, which are written as percentages.
    low, high
        The range, by default that of the data with room around it.
    """

    title: str
    scale: Scale = "linear"
    is_percent: bool = False
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
        Where a click on each point leads.
    low, high
        The ends of each point's interval, as an error bar, or as a band around a line.
    colour
        From 1 to :data:`COLOURS`.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    names: Sequence[str] = ()
    links: Sequence[str] = ()
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    mark: Mark = "circle"
    colour: int = 1
    is_line: bool = False


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
