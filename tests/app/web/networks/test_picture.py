import re
from itertools import combinations

import pytest

from app.web.networks.boxes import Box, Diagram
from app.web.networks.folding import Entry
from app.web.networks.picture import WIDTH, Picture, drawn, is_drawn
from tests.app.web.networks.graphs import SHIPPED, dense, drawing, shipped

POINT = re.compile(r"[MC ](-?\d+\.\d) (-?\d+\.\d)")


def boxes_of(number: int) -> list[Box]:
    return [Box([Entry("layer", f"l{n}", 0, range(n, n + 1))]) for n in range(number)]


def assert_sound(picture: Picture) -> None:
    """No box lies over another one or outside, and lines lead from top to bottom."""
    for one, other in combinations(picture.boxes, 2):
        beside = abs(one.x - other.x) >= WIDTH
        assert beside or one.bottom <= other.y or other.bottom <= one.y
    for box in picture.boxes:
        assert 0 <= box.x <= picture.width - WIDTH
        assert 0 <= box.y <= box.top < box.bottom <= picture.height
    for path, _ in picture.wires:
        heights = [float(it) for it in re.findall(r"(?:V| )(-?\d+\.\d)(?=[VC]|$)", path)]
        assert heights == sorted(heights)
        assert all(0 <= float(x) <= picture.width for x, _ in POINT.findall(path))


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("depth", [1, 2, 4])
def test_an_example_is_drawn_without_overlap(name: str, depth: int) -> None:
    picture = drawn(drawing(shipped(name), depth))

    assert_sound(picture)
    ends = [is_end for _, is_end in picture.wires]
    assert ends.count(True) >= len(picture.boxes)


def test_a_dense_block_is_drawn_without_overlap() -> None:
    assert_sound(drawn(Diagram(boxes_of(15), dense(16))))


def test_a_folded_residual_network_fits_a_narrow_screen() -> None:
    assert drawn(drawing(shipped("resnet18"), 1)).width < 300


def test_what_has_too_many_lines_is_not_drawn() -> None:
    assert is_drawn(Diagram(boxes_of(99), dense(100)))
    assert not is_drawn(Diagram(boxes_of(199), dense(200)))
