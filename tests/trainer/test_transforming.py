"""Variants in the code of the modules that they are variants of."""

import random
from collections.abc import Callable
from typing import Final

import pytest
import torch
from torch import Tensor, nn

from solver import SolveRequest, solve
from solver.network.architecture import Architecture
from solver.network.counting import count
from solver.variation.groups import WidthGroups
from tests.trainer.importing import tutorials
from trainer.importing import from_module
from trainer.networks import counts_of, valueless
from trainer.transforming import NotTransformableError, transform
from trainer.vision import models

NAMES: Final = [
    "resnet18", "mobilenet_v2", "efficientnet_b0", "densenet121", "convnext_tiny",
    "shufflenet_v2_x1_0", "regnet_y_400mf", "googlenet", "squeezenet1_1",
]  # fmt: skip
CIFAR: Final = (3, 32, 32)


def varied(original: Architecture, resolution: int, seed: int) -> Architecture:
    """Change every width group at random, and the resolution."""
    groups, chance = WidthGroups.of(original, resolution=resolution), random.Random(seed)
    widths = {
        name: max(1, round(size * chance.uniform(0.6, 1.6)))
        for name, size in zip(groups.names, groups.sizes, strict=True)
    }
    return Architecture.model_validate(groups.at(widths).model_dump(exclude_none=True))


def check(changed: nn.Module, architecture: Architecture) -> None:
    """Hold a module against an architecture: what it is imported as, and what it counts."""
    counts = count(architecture)
    assert from_module(valueless(changed), architecture.input.shape).id == architecture.id
    assert counts_of(changed, architecture) == (counts.params, counts.macs)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_network_of_torchvision_takes_any_widths_and_resolution(name: str) -> None:
    heads = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    module = valueless(models.get_model(name, weights=None, **heads))
    variant = varied(from_module(module, (3, 224, 224)), 240, seed=len(name))

    changed = transform(module, variant)

    assert type(changed) is type(module)
    check(changed, variant)


class Residual(nn.Module):
    """A convolution, a depthwise one around which a sum leads, learned factors, and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.gamma = nn.Parameter(torch.full((8, 1, 1), 0.5))
        self.fc = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.conv(x))
        x = x + self.gamma * self.norm(self.depthwise(x))
        logits: Tensor = self.fc(x.mean((2, 3)))
        return logits


def test_the_copy_has_the_variants_sizes_and_the_modules_code() -> None:
    module = Residual()
    variant = varied(from_module(module, CIFAR), 40, seed=0)

    changed = transform(module, variant)

    assert isinstance(changed, Residual)
    width = changed.conv.out_channels
    assert width != 8
    assert (changed.depthwise.in_channels, changed.depthwise.groups) == (width, width)
    assert changed.norm.num_features == changed.fc.in_features == width
    assert torch.equal(changed.gamma, torch.full((width, 1, 1), 0.5))
    assert changed.state_dict()["norm.running_var"].tolist() == [1] * width
    check(changed, variant)


def test_the_module_stays_as_it_is() -> None:
    module = Residual()
    before = {name: value.clone() for name, value in module.state_dict().items()}

    transform(module, varied(from_module(module, CIFAR), 40, seed=0))

    after = module.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


@pytest.mark.parametrize("keep", [True, False])
def test_values_are_kept_where_shapes_agree_if_asked_for(keep: bool) -> None:
    module = tutorials.SmallImages(3, 5)
    groups = WidthGroups.of(from_module(module, CIFAR))
    widths = dict(zip(groups.names, groups.sizes, strict=True)) | {"fc1": 100}

    changed = transform(module, groups.at(widths), keep=keep)

    same = {
        name
        for name, value in changed.state_dict().items()
        if torch.equal(value, module.state_dict()[name])
    }
    layers = ("conv1", "conv2", "fc3")
    kept = {f"{layer}.{name}" for layer in layers for name in ("weight", "bias")} | {"fc2.bias"}
    assert same == (kept if keep else set())


@pytest.mark.parametrize("approach", ["II", "IV"])
def test_solutions_of_the_papers_approaches_are_found_in_the_modules_code(approach: str) -> None:
    module = tutorials.LeNet()
    original = from_module(module, (1, 32, 32))
    request = SolveRequest.model_validate(
        {
            "architecture": original.model_dump(mode="json", exclude_none=True),
            "approach": approach,
            "budget": "params",
            "tolerance": 0.05,
            "ranges": {"resolution": [33, 40]},
            "find": {"sample": 2},
        }
    )

    variants = list(solve(request).variants())

    assert variants
    for variant in variants:
        check(transform(module, variant), variant.architecture)


class Baked(Residual):
    """Writes its channels into its code."""

    def __init__(self, work: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self._work = work

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.fc(self._work(self.conv(x)).mean((2, 3)))
        return logits


def _viewed(x: Tensor) -> Tensor:
    return x.view(-1, 2, 4, 32, 32).transpose(1, 2).reshape(-1, 8, 32, 32)


def _pooled(x: Tensor) -> Tensor:
    return torch.nn.functional.avg_pool2d(x, x.shape[2] // 2)


@pytest.mark.parametrize(
    ("work", "reason"),
    [
        (_viewed, r"shape '.*' is invalid.*line \d+, in _viewed: return x.view"),
        (_pooled, r"kernel_size 20, and the variant asks for 16.*line \d+, in forward: logits"),
    ],
)
def test_code_that_keeps_a_size_is_named_with_its_line_and_the_remedy(
    work: Callable[[Tensor], Tensor], reason: str
) -> None:
    module = Baked(work)

    with pytest.raises(NotTransformableError, match=reason) as refused:
        transform(module, varied(from_module(module, CIFAR), 40, seed=0))

    assert "trainer.networks.build" in str(refused.value)


def test_a_layer_that_cannot_take_the_variants_maps_is_named() -> None:
    module = tutorials.MnistHogwild()
    variant = varied(from_module(module, (1, 28, 28)), 32, seed=0)

    with pytest.raises(NotTransformableError, match=r"view\(-1, 320\)"):
        transform(module, variant)


def test_a_variant_with_another_layer_is_refused() -> None:
    module = Residual()
    original = from_module(module, CIFAR).model_dump(mode="json", exclude_none=True)
    original["layers"].insert(1, {"name": "more", "type": "max_pool2d", "kernel_size": 2})

    with pytest.raises(NotTransformableError, match=r"more \(max_pool2d\) where the module has"):
        transform(module, Architecture.model_validate(original))


def test_auxiliary_heads_that_a_variant_does_not_have_are_refused() -> None:
    class WithHead(Residual):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Conv2d(8, 10, 1)

        def forward(self, x: Tensor) -> Tensor:
            logits = super().forward(x)
            if self.training:
                logits = logits + self.head(self.conv(x)).mean((2, 3))
            return logits

    module = WithHead()

    with pytest.raises(NotTransformableError, match=r"auxiliary heads.*in head"):
        transform(module, varied(from_module(module, CIFAR), 40, seed=0))
