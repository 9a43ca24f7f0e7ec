import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.networks.boxes import diagram, names_of
from app.web.networks.folding import Folding, entries
from solver.network.architecture import Architecture
from tests.app.web.networks.graphs import SHIPPED, drawing, network, shipped
from tests.graphs import graphs

CONV = {"type": "conv2d", "out_channels": 3, "kernel_size": 1}


def names(architecture: Architecture, depth: int = 1) -> list[list[str]]:
    return [[part.name for part in box.parts] for box in drawing(architecture, depth).boxes]


def test_norms_and_activations_stand_in_the_box_of_the_layer_before_them() -> None:
    chain = network(CONV, {"type": "batch_norm2d"}, {"type": "relu"}, CONV, {"type": "relu"})

    assert names(chain) == [["conv1", "norm1", "relu1"], ["conv2", "relu2"]]


def test_a_layer_that_others_read_ends_its_box() -> None:
    gated = network(
        CONV,
        {"type": "sigmoid"},
        {"type": "mul", "inputs": ["conv1", "sigmoid1"]},
        {"type": "relu"},
    )

    assert names(gated) == [["conv1"], ["sigmoid1"], ["mul1", "relu1"]]
    assert drawing(gated, 1).reads == [[], [0], [1], [1, 2]]


def test_the_image_is_no_box_to_stand_in() -> None:
    assert names(network({"type": "relu"}, CONV)) == [["relu1"], ["conv1"]]


def test_a_folded_block_stands_alone_and_reads_what_its_layers_read_outside() -> None:
    residual = network(
        {"name": "stem", **CONV},
        {"name": "block.conv", **CONV},
        {"name": "block.add", "type": "add", "inputs": ["block.conv", "stem"]},
        {"name": "relu", "type": "relu"},
    )

    assert names(residual) == [["stem"], ["block"], ["relu"]]
    assert drawing(residual, 1).reads == [[], [0], [1], [2]]
    assert names(residual, 2) == [["stem"], ["block.conv"], ["block.add", "relu"]]
    assert drawing(residual, 2).boxes[1].opened == ["block"]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_layer_of_an_example_is_in_one_box(name: str) -> None:
    architecture = shipped(name)

    for depth in (1, 2, 3, 4):
        boxes = drawing(architecture, depth).boxes
        places = sorted(it for box in boxes for part in box.parts for it in part.places)
        assert places == list(range(len(architecture.layers)))


@given(graphs(), st.integers(1, 2))
def test_boxes_read_boxes_before_them_and_all_but_the_last_are_read(
    architecture: Architecture, depth: int
) -> None:
    found = diagram(architecture, entries(names_of(architecture), Folding(depth)))

    assert len(found.reads) == len(found.boxes) + 1
    for node, read in enumerate(found.reads):
        assert all(source < node for source in read)
        assert len(set(read)) == len(read)
    assert all(found.reads[1:])
    sources = {source for its in found.reads for source in its}
    assert sources == set(range(len(found.boxes)))
