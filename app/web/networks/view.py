"""What the page of a network shows: a folding, its picture, and a table of the same entries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import Field

from app.services.networks import Network
from app.web.networks import boxes
from app.web.networks.folding import (
    MOST_DEPTH,
    Entry,
    Folding,
    depth_of,
    entries,
    usual_depth,
)
from app.web.networks.picture import Picture, drawn, is_drawn
from app.web.networks.rows import Row, rows_of
from solver.network.architecture import Architecture
from solver.network.schema import Schema

MOST_BOXES: Final = 13
"""Boxes of a picture that fits a screen: blocks are unfolded up to that."""
MOST_TEXT: Final = 8_000


class Wanted(Schema):
    """Which blocks to show layer by layer; blocks that a network does not have do not matter."""

    depth: int | None = Field(default=None, ge=1, le=MOST_DEPTH)
    unfold: str = Field(default="", max_length=MOST_TEXT)
    fold: str = Field(default="", max_length=MOST_TEXT)

    def folding(self, architecture: Architecture) -> Folding:
        """The folding that is asked for; without a depth, one whose picture fits a screen."""
        depth = self.depth
        if depth is None:
            names = boxes.names_of(architecture)
            depth = usual_depth(names, lambda it: boxes.size_of(architecture, it), MOST_BOXES)
        return Folding(depth, _blocks(self.unfold), _blocks(self.fold))


def _blocks(text: str) -> frozenset[str]:
    return frozenset(filter(None, text.split(",")))


@dataclass(frozen=True)
class NetworkView:
    """The picture and the table of a network.

    Attributes
    ----------
    depths
        The depths that can be chosen; none for a network without blocks.
    entries
        The lines of the table.
    rows
        What each entry costs.
    picture
        ``None`` if it would be too large to be of use.
    """

    folding: Folding
    depths: range
    entries: Sequence[Entry]
    rows: Mapping[Entry, Row]
    picture: Picture | None


def view_of(network: Network, wanted: Wanted) -> NetworkView:
    """Fold a network as is wanted, and draw it."""
    architecture = network.view.architecture
    names = boxes.names_of(architecture)
    folding = wanted.folding(architecture)
    shown = entries(names, folding)
    diagram = boxes.diagram(architecture, shown)
    deepest = depth_of(names)
    return NetworkView(
        folding,
        range(1, deepest + 1) if deepest > 1 else range(0),
        shown,
        rows_of(network.view, shown),
        drawn(diagram) if is_drawn(diagram) else None,
    )
