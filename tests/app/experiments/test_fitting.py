from typing import Any

import pytest

from app.experiments.catalogue import DATASETS
from app.experiments.fitting import misfits, remarks, too_small
from solver.network.architecture import Architecture

FLAT = {"type": "flatten"}
NORM = {"type": "batch_norm2d", "name": "norm"}
POOL = {"type": "global_avg_pool2d"}


def linear(out_features: int = 10) -> dict[str, Any]:
    return {"type": "linear", "out_features": out_features}


def conv(kernel_size: int = 3) -> dict[str, Any]:
    return {"type": "conv2d", "out_channels": 10, "kernel_size": kernel_size}


def network(*layers: dict[str, Any], **image: int) -> Architecture:
    size = {"channels": 1, **(image or {"resolution": 8})}
    return Architecture.model_validate({"input": size, "layers": layers})


@pytest.mark.parametrize(
    "end",
    [
        [FLAT, linear()],
        [POOL, FLAT],
        [POOL],
        [conv(6)],
        [POOL, {"type": "relu"}, FLAT, {"type": "log_softmax"}],
        [FLAT, linear(), {"type": "batch_norm1d"}],
    ],
)
def test_a_network_with_one_output_a_class_fits(end: list[dict[str, Any]]) -> None:
    assert list(misfits(network(conv(), *end), DATASETS["digits"])) == []


@pytest.mark.parametrize(
    ("fitting", "fault"),
    [
        (network(FLAT, linear(7)), "the network has 7 outputs; digits has 10 classes"),
        (network(conv(7)), "the network ends in 10 maps of 2×2 pixels, but needs one output for"),
        (
            network(FLAT, linear(), height=4, width=6),
            "the network takes images of 4×6 pixels; those of digits are squares",
        ),
        (
            network(FLAT, linear(), channels=3, resolution=8),
            "the network takes 3 channels; the images of digits have 1",
        ),
    ],
)
def test_a_network_that_does_not_fit_is_told_why(fitting: Architecture, fault: str) -> None:
    (found,) = misfits(fitting, DATASETS["digits"])

    assert found.startswith(fault)


def test_all_misfits_are_told() -> None:
    nothing_fits = network(conv(3), channels=3, height=4, width=6)

    assert len(list(misfits(nothing_fits, DATASETS["digits"]))) == 3


@pytest.mark.parametrize(
    "layers",
    [[conv(8), NORM], [POOL, NORM], [FLAT, linear(), {"type": "batch_norm1d", "name": "norm"}]],
)
def test_a_batch_norm_of_one_value_needs_two_images(layers: list[dict[str, Any]]) -> None:
    assert (too_small(network(*layers), 1) or "").startswith(
        "a batch of one image cannot train 'norm'"
    )
    assert too_small(network(*layers), 2) is None


def test_a_batch_norm_of_many_pixels_trains_on_one_image() -> None:
    assert too_small(network(conv(7), NORM), 1) is None


@pytest.mark.parametrize("behind", [[], [FLAT], [{"type": "identity"}]])
def test_a_last_softmax_is_remarked_on(behind: list[dict[str, Any]]) -> None:
    ends_in_softmax = network(POOL, conv(1), {"type": "softmax", "name": "end"}, *behind)

    assert "which 'end' has taken already" in next(remarks(ends_in_softmax))


def test_other_ends_need_no_remark() -> None:
    layers = [POOL, {"type": "softmax"}, conv(1), {"type": "log_softmax"}]

    assert list(remarks(network(*layers))) == []
