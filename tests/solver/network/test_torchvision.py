"""The networks in ``examples/`` against torchvision's own modules, layer by layer."""

from collections.abc import Callable
from importlib import import_module
from typing import Final

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import trainer.vision  # noqa: F401 # torchvision is imported behind it
from solver.network import counting
from solver.network.architecture import Architecture
from tests.solver.factories import shipped_network

models = import_module("torchvision.models")


class PilotNet(nn.Module):
    """NVIDIA's, as in the paper: five convolutions and four linear layers."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3, affine=False)
        self.conv1 = nn.Conv2d(3, 24, 5, stride=2)
        self.conv2 = nn.Conv2d(24, 36, 5, stride=2)
        self.conv3 = nn.Conv2d(36, 48, 5, stride=2)
        self.conv4 = nn.Conv2d(48, 64, 3)
        self.conv5 = nn.Conv2d(64, 64, 3)
        self.fc1 = nn.Linear(64 * 1 * 18, 100)
        self.fc2 = nn.Linear(100, 50)
        self.fc3 = nn.Linear(50, 10)
        self.fc4 = nn.Linear(10, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        x = self.norm(images)
        for conv in (self.conv1, self.conv2, self.conv3, self.conv4, self.conv5):
            x = torch.relu(conv(x))
        x = x.flatten(1)
        for linear in (self.fc1, self.fc2, self.fc3):
            x = torch.relu(linear(x))
        steering: torch.Tensor = self.fc4(x)
        return steering


NETWORKS: Final[dict[str, Callable[[], nn.Module]]] = {
    "resnet18": models.resnet18,
    "vgg16": models.vgg16,
    "alexnet": models.alexnet,
    "squeezenet1_1": models.squeezenet1_1,
    "pilotnet": PilotNet,
}
KNOWN: Final = {
    "resnet18": (11_689_512, 1_814_073_344),
    "vgg16": (138_357_544, 15_470_264_320),
    "alexnet": (61_100_840, 714_188_480),
    "squeezenet1_1": (1_235_496, 349_151_936),
    "pilotnet": (252_219, 26_876_342),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_counts_as_the_module_that_pytorch_builds(name: str) -> None:
    architecture = shipped_network(name)
    with torch.device("meta"):
        module, images = NETWORKS[name]().eval(), torch.empty(1, *architecture.input.shape)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(images)
    counts = counting.count(architecture)
    assert counts.params == sum(parameter.numel() for parameter in module.parameters())
    assert 2 * counts.macs == counter.get_total_flops()
    assert (counts.params, counts.macs) == KNOWN[name]


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_makes_the_map_that_the_module_of_its_name_makes(name: str) -> None:
    architecture = shipped_network(name)
    with torch.device("meta"):
        module, images = NETWORKS[name]().eval(), torch.empty(1, *architecture.input.shape)
    made: dict[str, list[int]] = {}

    def note(path: str, output: torch.Tensor) -> None:
        made[path] = list(output.shape[1:])

    for path, part in module.named_modules():
        part.register_forward_hook(lambda _, __, output, path=path: note(path, output))
    with torch.no_grad():
        module(images)
    rows = {row.name: row.output for row in counting.describe(architecture)}
    named = rows.keys() & made.keys()
    assert {path: rows[path] for path in named} == {path: made[path] for path in named}
    weighted = {path for path, it in module.named_modules() if [*it.parameters(recurse=False)]}
    assert weighted <= named
    assert rows[architecture.layers[-1].name or ""] == made[""]


def test_resnet_50_holds_1_806_336_elements_at_most() -> None:
    """Alive at once in its first block: what it reads, the main path, and its short cut."""
    assert counting.count(Architecture.model_validate(resnet_50())).activations == 1_806_336


def resnet_50() -> dict[str, object]:
    layers: list[dict[str, object]] = []

    def conv(name: str, out_channels: int, kernel_size: int, *read: str, stride: int = 1) -> str:
        layer = {"name": name, "type": "conv2d", "out_channels": out_channels, "bias": False,
                 "kernel_size": kernel_size, "stride": stride,
                 "padding": kernel_size // 2}  # fmt: skip
        layers.append(layer | ({"inputs": list(read)} if read else {}))
        layers.append({"name": f"{name}_bn", "type": "batch_norm2d"})
        return f"{name}_bn"

    conv("conv1", 64, 7, stride=2)
    layers.append({"type": "relu"})
    last = "maxpool"
    pool = {"name": last, "type": "max_pool2d", "kernel_size": 3, "stride": 2, "padding": 1}
    layers.append(pool)
    for stage, (width, blocks) in enumerate([(64, 3), (128, 4), (256, 6), (512, 3)]):
        for block in range(blocks):
            at, stride = f"layer{stage + 1}.{block}", 2 if stage and not block else 1
            conv(f"{at}.conv1", width, 1, last)
            layers.append({"type": "relu"})
            conv(f"{at}.conv2", width, 3, stride=stride)
            layers.append({"type": "relu"})
            main = conv(f"{at}.conv3", 4 * width, 1)
            if not block:
                last = conv(f"{at}.downsample.0", 4 * width, 1, last, stride=stride)
            layers.append({"type": "add", "inputs": [main, last]})
            last = f"{at}.relu"
            layers.append({"name": last, "type": "relu"})
    layers += [
        {"type": "global_avg_pool2d"}, {"type": "flatten"},
        {"type": "linear", "out_features": 1000},
    ]  # fmt: skip
    return {"input": {"channels": 3, "resolution": 224}, "layers": layers}


def test_resnet_50_counts_as_torchvisions() -> None:
    with torch.device("meta"):
        module = models.resnet50()
    counts = counting.count(Architecture.model_validate(resnet_50()))
    assert counts.params == sum(parameter.numel() for parameter in module.parameters())
    assert counts.macs == 4_089_184_256
