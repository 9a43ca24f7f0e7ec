from typing import Any, get_args

import pytest

from app.web.networks.kinds import (
    Family,
    family_of,
    settings_of,
    shape,
    shortened,
    window_of,
)
from solver.network.layers import LAYERS, Layer
from tests.app.web.networks.graphs import network

CONV = {"type": "conv2d", "out_channels": 4, "kernel_size": 3}


def layer(**fields: Any) -> Layer:
    return network(fields).layers[0]


@pytest.mark.parametrize(
    ("fields", "window", "settings"),
    [
        (CONV, "3×3", "3×3"),
        ({**CONV, "stride": 2, "padding": 1, "bias": False}, "3×3 /2", "3×3, /2, pad 1, no bias"),
        ({**CONV, "kernel_size": [3, 1], "stride": [2, 1]}, "3×1 /2×1", "3×1, /2×1"),
        ({**CONV, "padding": "same", "dilation": 2}, "3×3", "3×3, pad same, dilated 2"),
        ({"type": "max_pool2d", "kernel_size": 2, "ceil_mode": True}, "2×2", "2×2, ceil mode"),
        ({"type": "max_pool2d", "kernel_size": 2, "stride": 1}, "2×2 /1", "2×2, /1"),
        ({"type": "adaptive_avg_pool2d", "output_size": 7}, "output size 7", "output size 7"),
        ({"type": "batch_norm2d", "affine": False}, "", "no affine"),
        ({"type": "dropout", "p": 0.2}, "", "p 0.2"),
        ({"type": "relu"}, "", ""),
    ],
)
def test_a_layer_is_told_by_what_is_not_as_usual(
    fields: dict[str, Any], window: str, settings: str
) -> None:
    assert window_of(layer(**fields)) == window
    assert settings_of(layer(**fields)) == settings


def test_weights_that_are_shared_are_told() -> None:
    shared = network(
        CONV | {"out_channels": 3, "padding": 1},
        CONV | {"out_channels": 3, "padding": 1, "shares": "conv1"},
    )

    assert settings_of(shared.layers[1]) == "3×3, pad 1, the weights of conv1"


def test_every_type_of_layer_has_a_family() -> None:
    families = {name: family_of(kind.trusted()) for name, kind in LAYERS.items()}

    assert set(families.values()) == set(get_args(Family)) - {"image", "block"}
    assert families["global_avg_pool2d"] == "pool"
    assert families["layer_norm"] == "norm"
    assert families["flatten"] == "shape"


@pytest.mark.parametrize(
    ("name", "most", "expected"),
    [
        ("layer1.0.conv1", 14, "layer1.0.conv1"),
        ("layer1.0.conv1", 13, "…0.conv1"),
        ("features.denselayer1", 10, "…nselayer1"),
        ("abc", 3, "abc"),
    ],
)
def test_a_long_name_keeps_its_last_parts(name: str, most: int, expected: str) -> None:
    assert shortened(name, most) == expected
    assert len(expected) <= most


def test_shapes_are_written_as_sides() -> None:
    assert shape([64, 112, 112]) == "64×112×112"
    assert shape([10]) == "10"
