from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import RefusedError
from app.schemas.architectures import ArchitectureView
from app.services.networks import Accuracy, Network, Training
from app.web.networks.comparing import Compared, chosen, comparison, merged
from tests.app.web.networks.graphs import network

CONV = {"type": "conv2d", "out_channels": 4, "kernel_size": 3}
LAST = {**CONV, "name": "last"}
POOL = {"type": "max_pool2d", "kernel_size": 2}
WAY = Training("digits", "1", "paper", 10, None, "{}")


def named(*layers: dict[str, Any]) -> Network:
    architecture = network(*layers)
    return Network(architecture.id, ArchitectureView.of(architecture))


def test_ids_are_taken_once_from_lists_and_from_repetitions() -> None:
    assert chosen(Compared(ids=["a,b", "", " c ,a"])) == ["a", "b", "c"]
    assert chosen(Compared()) == []


def test_more_than_five_networks_are_refused() -> None:
    assert len(chosen(Compared(ids=["a,b,c,d,e"]))) == 5
    with pytest.raises(RefusedError, match="at most 5"):
        chosen(Compared(ids=["a,b,c,d,e,f"]))


def test_layers_are_aligned_by_name_and_differences_are_marked() -> None:
    first = named(CONV, {"type": "relu"}, LAST)
    second = named(
        {**CONV, "padding": 1}, {"type": "max_pool2d", "kernel_size": 2}, {**CONV, "name": "last"}
    )

    lines = comparison([first, second], {}).lines

    assert [line.name for line in lines] == ["conv1", "pool1", "relu1", "last"]
    assert [line.is_changed for line in lines] == [True, True, True, False]
    (before, after), (_, pool), (_, gone), (_, last) = (line.cells for line in lines)
    assert before
    assert after
    assert (before.is_changed, before.params, before.flops) == (False, 0, 0)
    assert (after.settings, after.params, after.is_changed) == ("3×3, pad 1", 0, True)
    assert after.flops == 4 * 28 * (64 - 36)
    assert pool
    assert (pool.is_changed, pool.flops) == (True, pool.report.flops)
    assert gone is None
    assert last
    assert last.output == "4×2×2"


def test_counts_are_set_against_the_first_network() -> None:
    first, second = named(CONV), named({**CONV, "bias": False})

    figures = comparison([first, second], {}).counts["Parameters"]

    assert [(it.value, it.delta) for it in figures] == [(112, None), (108, -4)]
    assert figures[1].share == pytest.approx(-4 / 112)


def test_nothing_is_no_share_of_anything() -> None:
    figures = comparison([named({"type": "relu"}), named(CONV)], {}).counts["Parameters"]

    assert [(it.value, it.delta, it.share) for it in figures] == [(0, None, None), (112, 112, None)]


def test_accuracies_stand_beside_each_other_where_networks_were_trained_alike() -> None:
    first, second = named(CONV), named({**CONV, "bias": False})
    accuracy = Accuracy(0.5, None, 1)

    assert comparison([first, second], {WAY: {second.id: accuracy}}).trained == {
        WAY: [None, accuracy]
    }


names = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=6)


@given(st.lists(names, min_size=1, max_size=4))
def test_merged_names_are_each_there_once_and_keep_the_order_of_the_first(
    sequences: list[list[str]],
) -> None:
    found = merged(sequences)

    assert sorted(found) == sorted({name for its in sequences for name in its})
    assert [name for name in found if name in sequences[0]] == sequences[0]


@given(names, names)
def test_a_name_that_the_first_lacks_stands_behind_the_one_it_follows(
    first: list[str], second: list[str]
) -> None:
    found = merged([first, second])

    for before, name in zip([None, *second], second, strict=False):
        if name not in first:
            at = found.index(name)
            assert (found[at - 1] if at else None) == before
