"""Ids of sequences stay what they were before networks could be graphs: databases hold them."""

from typing import Any

import pytest

from solver.network.architecture import Architecture
from tests.solver.factories import (
    FLATTEN,
    GLOBAL_POOL,
    NORM,
    RELU,
    conv,
    linear,
    network,
    pool,
    shipped_network,
)

LENET = network(
    conv(6, 5, bias=True), RELU, pool(2, kind="avg"), conv(16, 5, bias=True), RELU,
    pool(2, kind="avg"), FLATTEN, linear(120), RELU, linear(84), RELU, linear(10), resolution=32,
)  # fmt: skip
STORED = {
    "833f4de42fada81882d6441fd6a969bb": LENET,
    "45675596aaf489a052409e108186ce10": network(conv(4, 3, bias=True), channels=3),
    "8278acbf01e70c589247e4285c4a4b8d": network(
        conv(8, 3, stride=2, padding=1, dilation=2, groups=4), channels=4, resolution=16
    ),
    "7198496f7269e36f4630491084049479": network(pool(3), resolution=9),
    "ca0ca2dc180ee2aecf2e17a9a58ad2fa": network(pool(3, stride=2, padding=1), resolution=9),
    "299d1149f3524cf1cdd6e5e6ef5f4745": network(
        pool(4, kind="avg", stride=1, padding=2), resolution=9
    ),
    "a7ccffed3d072073278b7507cb2e9b8b": network(
        GLOBAL_POOL, FLATTEN, linear(3, bias=False), channels=2, resolution=7
    ),
    "b9cac6df4476ee6b93c145ba46e346cf": network(
        NORM, RELU, conv(6, 1, bias=True), NORM, channels=2, resolution=7
    ),
    "fc64114d8a7cc5fe736fe80ed2d9de35": network(
        {"type": "dropout2d"}, FLATTEN, {"type": "dropout", "p": 0.25}, linear(3),
        channels=2, resolution=7,
    ),
    "b9d56a1e936afd6d4128a53650598807": network(FLATTEN, linear(10), resolution=28),
    "2ce314c116c10257d39fd45c62e4c7b7": network(
        conv(4, 3, bias=True, name="first"), {**RELU, "name": "second"}
    ),
    "d331dbd3728d2dabd7a020c03c21f227": network(
        conv(8, 3, bias=True), conv(8, 3, bias=True, groups=8), conv(4, 1, bias=True),
        GLOBAL_POOL, FLATTEN, resolution=12,
    ),
    "42604a73c1b919e68909aa3852a0cf2a": network(FLATTEN, FLATTEN, RELU, linear(2), resolution=4),
    "86210b4179ea05808049581576dc62d7": shipped_network("digits-architecture"),
}  # fmt: skip


@pytest.mark.parametrize(("stored", "architecture"), STORED.items())
def test_a_sequence_keeps_its_id(stored: str, architecture: Architecture) -> None:
    assert architecture.id == stored


@pytest.mark.parametrize(
    "later",
    [
        {"ceil_mode": False}, {"dilation": 1}, {"inputs": ["input"]}, {"kernel_size": [3, 3]},
        {"stride": [3, 3], "padding": [0, 0]},
    ],
)  # fmt: skip
def test_what_came_later_takes_no_part_in_the_id_where_it_says_nothing_new(
    later: dict[str, Any],
) -> None:
    assert network({**pool(3), **later}, resolution=9).id == "7198496f7269e36f4630491084049479"


@pytest.mark.parametrize(
    "other",
    [
        {"ceil_mode": True}, {"dilation": 2}, {"kernel_size": [3, 2]}, {"stride": [3, 2]},
        {"padding": [0, 1]},
    ],
)  # fmt: skip
def test_what_came_later_takes_part_in_the_id_where_it_does(other: dict[str, Any]) -> None:
    assert network({**pool(3), **other}, resolution=9).id != "7198496f7269e36f4630491084049479"


@pytest.mark.parametrize(
    ("layer", "field", "default", "other"),
    [
        ({"type": "batch_norm2d"}, "eps", 1e-5, 1e-3),
        ({"type": "layer_norm"}, "eps", 1e-5, 1e-6),
        ({"type": "avg_pool2d", "kernel_size": 3, "padding": 1}, "count_include_pad", True, False),
    ],
)
def test_a_field_that_came_later_is_left_out_where_it_has_the_value_of_all_older_networks(
    layer: dict[str, Any], field: str, default: float, other: float
) -> None:
    older = network(layer, resolution=9)
    assert field not in older.model_dump(mode="json")["layers"][0]
    assert network({**layer, field: default}, resolution=9).id == older.id
    assert network({**layer, field: other}, resolution=9).id != older.id


def test_a_square_image_may_be_written_by_both_sides() -> None:
    body = LENET.model_dump(mode="json")
    body["input"] = {"channels": 1, "height": 32, "width": 32}
    assert Architecture.model_validate(body).id == LENET.id


def test_what_a_layer_reads_takes_part_in_the_id() -> None:
    def added(*read: str) -> Architecture:
        return network(
            conv(1, 3, padding=1, name="a"), conv(1, 3, padding=1, name="b"),
            {"type": "add", "inputs": ["a", *read]}, conv(2, 1),
        )  # fmt: skip

    ids = {added("b").id, added("b", "input").id, added("input", "b").id}
    assert len(ids) == 3
