from collections.abc import Sequence

import pytest

from app.web.networks.folding import Folding, depth_of, entries, usual_depth

RESNET = (
    "conv1",
    "layer1.0.conv1",
    "layer1.0.conv2",
    "layer1.1.conv1",
    "layer1.1.conv2",
    "fc",
)


def shown(folding: Folding, names: Sequence[str] = RESNET) -> list[tuple[str, str, int]]:
    return [(entry.kind, entry.name, entry.level) for entry in entries(names, folding)]


def test_a_depth_tells_so_many_parts_of_names_apart() -> None:
    assert shown(Folding(1)) == [("layer", "conv1", 0), ("folded", "layer1", 0), ("layer", "fc", 0)]
    assert shown(Folding(2))[1:4] == [
        ("open", "layer1", 0),
        ("folded", "layer1.0", 1),
        ("folded", "layer1.1", 1),
    ]


def test_blocks_are_unfolded_beyond_the_depth_and_folded_within_it() -> None:
    unfolded = Folding(1, unfolded=frozenset({"layer1", "layer1.1"}))

    assert shown(unfolded)[1:-1] == [
        ("open", "layer1", 0),
        ("folded", "layer1.0", 1),
        ("open", "layer1.1", 1),
        ("layer", "layer1.1.conv1", 2),
        ("layer", "layer1.1.conv2", 2),
    ]
    assert shown(Folding(3, folded=frozenset({"layer1"}))) == shown(Folding(1))


@pytest.mark.parametrize("folding", [Folding(1), Folding(2), Folding(3)])
@pytest.mark.parametrize("block", ["layer1", "layer1.0"])
def test_a_block_that_is_toggled_twice_is_as_before(folding: Folding, block: str) -> None:
    toggled = folding.toggled(block)

    assert toggled.is_open(block) is not folding.is_open(block)
    assert toggled.toggled(block) == folding


def test_entries_cover_each_layer_once() -> None:
    for depth in (1, 2, 3):
        found = entries(RESNET, Folding(depth))
        places = [place for it in found if it.kind != "open" for place in it.places]
        assert places == list(range(len(RESNET)))


def test_a_name_within_a_block_is_shown_without_the_blocks_but_numbers_say_of_what() -> None:
    names = [entry.own_name for entry in entries(RESNET, Folding(3))]

    assert names == [
        *("conv1", "layer1"),
        *("layer1.0", "conv1", "conv2"),
        *("layer1.1", "conv1", "conv2"),
        "fc",
    ]


def test_layers_of_one_block_that_do_not_follow_each_other_are_folded_apart() -> None:
    names = ("a.conv", "a.relu", "b", "a.pool", "a.fc")

    assert shown(Folding(1), names) == [("folded", "a", 0), ("layer", "b", 0), ("folded", "a", 0)]


def test_a_network_of_a_layer_and_of_its_name_as_a_block_is_shown() -> None:
    assert shown(Folding(2), ("a", "a.b")) == [
        ("open", "a", 0),
        ("layer", "a", 1),
        ("layer", "a.b", 1),
    ]


def test_an_address_keeps_the_folding() -> None:
    folding = Folding(2, frozenset({"layer1.1", "layer1.0"}), frozenset({"layer1"}))

    assert folding.query == "depth=2&unfold=layer1.0,layer1.1&fold=layer1"
    assert Folding(1).query == "depth=1"


def test_the_usual_depth_is_the_greatest_that_has_room() -> None:
    def number(folding: Folding) -> int:
        return len(entries(RESNET, folding))

    assert depth_of(RESNET) == 3
    assert usual_depth(RESNET, number, most=5) == 2
    assert usual_depth(RESNET, number, most=100) == 3
    assert usual_depth(RESNET, number, most=1) == 1
