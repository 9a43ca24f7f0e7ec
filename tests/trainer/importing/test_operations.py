"""What single operations become, and what is refused."""

from collections.abc import Callable
from typing import Final

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.trainer.importing.equality import check, check_written
from trainer.importing import NotImportableError, from_module

SHAPE: Final = (4, 8, 8)


class Does(nn.Module):
    """A convolution, what a test wants to be done, and a convolution and a pool behind it."""

    def __init__(self, work: Callable[["Does", Tensor], Tensor]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.twice = nn.Conv2d(4, 4, 1)
        self.norm = nn.LayerNorm(4, eps=1e-6)
        self.linear = nn.Linear(4, 4)
        self.gamma = nn.Parameter(torch.rand(4))
        self._work = work

    def forward(self, images: Tensor) -> Tensor:
        return self._work(self, self.conv(images)).mean((2, 3))


def _overwritten(module: Does, x: Tensor) -> Tensor:
    y: Tensor = module.twice(functional.relu(x, inplace=True))
    return x + y


def _channels_last(module: Does, x: Tensor) -> Tensor:
    y: Tensor = module.linear(functional.gelu(module.norm(x.permute(0, 2, 3, 1))))
    return x + (module.gamma * y).permute(0, 3, 1, 2)


def _shuffled(module: Does, x: Tensor) -> Tensor:
    left, right = module.twice(x).chunk(2, dim=1)
    x = torch.cat([right, torch.tanh(left)], dim=1)
    return x.view(-1, 2, 2, 8, 8).transpose(1, 2).reshape(-1, 4, 8, 8)


def _gated(module: Does, x: Tensor) -> Tensor:
    gate = module.twice(functional.adaptive_avg_pool2d(x, 1))
    return x * torch.sigmoid(gate)


@pytest.mark.parametrize(
    ("work", "types"),
    [
        (_overwritten, ["conv2d", "relu", "conv2d", "add"]),
        (_channels_last, ["conv2d", "layer_norm", "gelu", "conv2d", "scale", "add"]),
        (_shuffled, ["conv2d", "conv2d", "chunk", "tanh", "chunk", "concat", "channel_shuffle"]),
        (lambda it, x: it.twice(torch.relu(it.twice(x))), ["conv2d", "conv2d", "relu", "conv2d"]),
        (lambda it, x: x * it.gamma.view(1, -1, 1, 1), ["conv2d", "scale"]),
        (
            lambda _, x: functional.avg_pool2d(x, 3, 2, 1, count_include_pad=False),
            ["conv2d", "avg_pool2d"],
        ),
        (lambda _, x: functional.pad(x, (0, 1, 2, 0)), ["conv2d", "zero_pad2d"]),
        (lambda _, x: functional.max_pool2d(x, 2, ceil_mode=True), ["conv2d", "max_pool2d"]),
        (lambda _, x: torch.clamp(x, 0, 6) + 0, ["conv2d", "relu6"]),
        (lambda _, x: x[:, 2:], ["conv2d", "chunk"]),
        (_gated, ["conv2d", "global_avg_pool2d", "conv2d", "sigmoid", "mul"]),
    ],
)
def test_an_operation_becomes_the_layer_that_computes_the_same(
    work: Callable[[Does, Tensor], Tensor], types: list[str]
) -> None:
    imported = check(Does(work), SHAPE)

    end = ["global_avg_pool2d", "flatten"]
    found = [layer.type for layer in imported.architecture.layers]
    assert sorted(found) == sorted([*types, *end])
    check_written(imported, SHAPE)


def test_weights_that_are_used_twice_are_shared() -> None:
    imported = check(Does(lambda it, x: it.twice(torch.relu(it.twice(x)))), SHAPE)

    names = {layer.name: getattr(layer, "shares", None) for layer in imported.architecture.layers}
    assert (names["twice"], names["twice_1"]) == (None, "twice")


def test_what_feeds_no_output_is_named_with_its_parameters() -> None:
    imported = check(Does(lambda it, x: it.twice(x)), SHAPE)

    assert imported.unused == {"norm": 8, "linear": 20, "gamma": 4}


@pytest.mark.parametrize(
    ("work", "reason"),
    [
        (lambda _, x: torch.cumsum(x, 1), r"aten\.cumsum\.default is not known"),
        (lambda _, x: x + 1, "computes with the number 1"),
        (lambda _, x: functional.gelu(x, approximate="tanh"), "is approximated by tanh"),
        (lambda _, x: x[:, 1:], "not one of equal parts"),
        (lambda _, x: functional.pad(x, (1, 1, 1, 1), value=1.0), "other than zeros"),
        (lambda _, x: x + x.transpose(2, 3), "axes N, C, H, W and N, C, W, H"),
        (lambda _, x: x.view(-1, 4, 4, 16), "makes a tensor of 4×4×16 of one of 4×8×8"),
        (lambda it, x: x + it.gamma.view(1, -1, 1, 1), "computes with the parameter gamma"),
        (
            lambda it, x: functional.conv2d(x, it.twice.weight * it.gamma.view(4, 1, 1, 1)),
            "computes with the parameter twice.weight",
        ),
    ],
)
def test_what_no_layer_does_is_refused_with_its_line(
    work: Callable[[Does, Tensor], Tensor], reason: str
) -> None:
    with pytest.raises(NotImportableError, match=reason) as refused:
        from_module(Does(work), SHAPE)

    assert "test_operations.py" in str(refused.value)
    assert "line " in str(refused.value)


def test_a_module_that_does_not_take_the_images_is_refused() -> None:
    with pytest.raises(NotImportableError, match="cannot be traced for images of 3 × 8 × 8"):
        from_module(Does(lambda _, x: x), (3, 8, 8))


def test_a_module_stays_as_it_is() -> None:
    module = Does(lambda it, x: it.twice(x)).train()
    before = {name: value.clone() for name, value in module.state_dict().items()}

    from_module(module, SHAPE)

    assert module.training
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
