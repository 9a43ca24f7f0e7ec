"""The picture of a network: where its boxes stand, and the lines between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.web.networks.boxes import Box, Diagram
from app.web.networks.layering import Layering, layered, size_of
from app.web.networks.placing import placed

WIDTH: Final = 250
HEAD: Final = 40
STRIP: Final = 18
TAG: Final = 18
"""Height of the line over a box that names an open block."""
IMAGE: Final = 26
GAP: Final = 22
"""Between the rows."""
BESIDE: Final = 18
"""Between the boxes of a row."""
LANE: Final = 9
"""Between lines that run beside the boxes."""
MARGIN: Final = 6
PORTS: Final = 14
"""Between the lines that enter a box."""
MOST_BESIDE: Final = 400
MOST_VERTICES: Final = 6_000
"""Boxes and points of lines that are drawn; more would be no help, and take seconds."""


@dataclass(frozen=True)
class Placed:
    """A box with its place: the left edge, the top of its tags, and its own top, in pixels."""

    box: Box
    x: float
    y: float
    top: float
    height: float

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.top + self.height


@dataclass(frozen=True)
class Picture:
    """A picture in pixels.

    Attributes
    ----------
    image
        The left and the upper edge of the image's box.
    wires
        The lines, as paths of SVG; those that end at a box have an arrow there.
    """

    width: float
    height: float
    image: tuple[float, float]
    boxes: Sequence[Placed]
    wires: Sequence[tuple[str, bool]]
    box_width: int = WIDTH
    image_height: int = IMAGE
    head_height: int = HEAD
    strip_height: int = STRIP
    tag_height: int = TAG

    @property
    def is_wide(self) -> bool:
        """Whether there is no room for a table beside it."""
        return self.width > MOST_BESIDE


def height_of(box: Box) -> float:
    """The height of a box without its tags."""
    return HEAD + STRIP * (len(box.parts) - 1)


def is_drawn(diagram: Diagram) -> bool:
    """Whether a picture is not too large."""
    return size_of(diagram.reads) <= MOST_VERTICES


def drawn(diagram: Diagram) -> Picture:
    """Place all boxes, and draw the lines."""
    graph = layered(diagram.reads)
    heights = [IMAGE + 0.0, *(height_of(it) + TAG * len(it.opened) for it in diagram.boxes)]
    widths = [WIDTH + BESIDE if it < graph.nodes else LANE for it in range(len(graph.above))]
    xs = [MARGIN + x for x in placed(graph, widths)]
    tops, bottoms = _bands(graph, heights)
    row_of = {vertex: at for at, row in enumerate(graph.rows) for vertex in row}
    left = [x - WIDTH / 2 for x in xs]
    boxes = [
        Placed(
            box,
            left[node],
            y := tops[row_of[node]],
            y + TAG * len(box.opened),
            height_of(box),
        )
        for node, box in enumerate(diagram.boxes, 1)
    ]
    wires = _Wires(graph, xs, tops, bottoms, row_of, boxes)
    width = max(x + its / 2 for x, its in zip(xs, widths, strict=True)) + MARGIN
    return Picture(width, bottoms[-1] + MARGIN, (left[0], tops[0]), boxes, wires.all())


def _bands(graph: Layering, heights: Sequence[float]) -> tuple[list[float], list[float]]:
    """The top and the bottom of each row: as high as its highest box."""
    tops, bottoms = [], []
    y = float(MARGIN)
    for row in graph.rows:
        tops.append(y)
        bottoms.append(y + max(heights[it] for it in row if not graph.is_point(it)))
        y = bottoms[-1] + GAP
    return tops, bottoms


class _Wires:
    """Draws lines: curved between two rows, and straight down beside the boxes of a row."""

    def __init__(
        self,
        graph: Layering,
        xs: Sequence[float],
        tops: Sequence[float],
        bottoms: Sequence[float],
        row_of: dict[int, int],
        boxes: Sequence[Placed],
    ) -> None:
        self.graph = graph
        self.xs = xs
        self.tops = tops
        self.bottoms = bottoms
        self.row_of = row_of
        self.boxes = boxes

    def all(self) -> list[tuple[str, bool]]:
        """All lines, and whether each ends at a box."""
        found = []
        for vertex, above in enumerate(self.graph.above):
            ports = self._ports(vertex)
            for source, port in zip(sorted(above, key=self.xs.__getitem__), ports, strict=True):
                found.append((self._wire(source, vertex, port), not self.graph.is_point(vertex)))
        return found

    def _ports(self, vertex: int) -> list[float]:
        """Where the lines enter a vertex, from left to right."""
        number = len(self.graph.above[vertex])
        apart = min(PORTS, WIDTH * 0.8 / max(number, 1))
        return [self.xs[vertex] + apart * (n - (number - 1) / 2) for n in range(number)]

    def _wire(self, source: int, target: int, port: float) -> str:
        """From the lower edge of a vertex to the upper edge of one in the next row."""
        x, start = self.xs[source], self._leaves(source)
        row = self.row_of[target]
        above, top = self.bottoms[row - 1], self.tops[row]
        middle = (above + top) / 2
        curve = f"C{x:.1f} {middle:.1f} {port:.1f} {middle:.1f} {port:.1f} {top:.1f}"
        path = f"M{x:.1f} {start:.1f}V{above:.1f}{curve}"
        end = self._enters(target)
        return f"{path}V{end:.1f}" if end > top else path

    def _leaves(self, vertex: int) -> float:
        """Where a line begins: under a box, or at the top of a lane's row."""
        if self.graph.is_point(vertex):
            return self.tops[self.row_of[vertex]]
        return self.boxes[vertex - 1].bottom if vertex else self.tops[0] + IMAGE

    def _enters(self, vertex: int) -> float:
        """Where a line ends: at the top of a box or of a lane's row."""
        if self.graph.is_point(vertex):
            return self.tops[self.row_of[vertex]]
        return self.boxes[vertex - 1].top
