"""What ``model.py`` looks like, and that no name or text can make it anything else."""

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.network.architecture import Architecture
from solver.network.layers import ReLU
from solver.source import source
from solver.source.rules import RULES
from tests import sources
from tests.solver.factories import conv, linear, network

EXPECTED = '''\
"""tiny: a network for images of 3 × 32 × 32.

It has 5,274 parameters. An image takes 5,161,120 multiply-adds (5,177,514 FLOPs),
and at most 32,768 activations are alive at once.

From a test.
"""

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode


class ResidualBlock(nn.Module):
    """layer1.0, and 1 other like it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(16, 16, kernel_size=3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        identity = x
        x = self.relu(self.bn1(self.conv1(x)))
        return x + identity


class Variant(nn.Module):
    """Maps images of shape (B, 3, 32, 32) to (B, 10)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, kernel_size=3, padding=1, bias=False)
        self.layer1 = nn.Sequential(
            ResidualBlock(),
            ResidualBlock(),
        )
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        x = torch.flatten(self.pool(self.layer1(x)), 1)
        return self.fc(x)


if __name__ == "__main__":
    model = Variant().eval()
    params = sum(parameter.numel() for parameter in model.parameters())
    assert params == 5_274, f"{params:,} parameters"
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        output = model(torch.zeros(1, 3, 32, 32))
    assert output.shape == (1, 10), f"shape {tuple(output.shape)}"
    macs = counter.get_total_flops() // 2
    assert macs == 5_161_120, f"{macs:,} multiply-adds"
    print(f"{params:,} parameters, {macs:,} multiply-adds")
'''


def tiny_resnet() -> Architecture:
    def block(number: int, reads: str) -> list[dict[str, Any]]:
        name = f"layer1.{number}"
        return [
            {"name": f"{name}.conv1", **conv(16, 3, padding=1)},
            {"name": f"{name}.bn1", "type": "batch_norm2d"},
            {"name": f"{name}.relu", "type": "relu"},
            {"name": f"{name}.add", "type": "add", "inputs": [f"{name}.relu", reads]},
        ]

    return network(
        {"name": "conv1", **conv(16, 3, padding=1)},
        *block(0, "conv1"),
        *block(1, "layer1.0.add"),
        {"name": "pool", "type": "global_avg_pool2d"},
        {"name": "flat", "type": "flatten"},
        {"name": "fc", **linear(10)},
        resolution=32,
        channels=3,
    )


def titled(**texts: str) -> Architecture:
    return tiny_resnet().model_copy(update=texts)


def test_a_network_is_written_as_a_person_would() -> None:
    text = source(titled(name="tiny"), "From a test.")

    assert text == EXPECTED


LARGE: list[list[dict[str, Any]]] = [
    [conv(1_000_000, 1), {"type": "zero_pad2d", "padding": [60_000, 0, 0, 0]}],
    [{"type": "zero_pad2d", "padding": 30_000}, conv(100_000, 1)],
    [{"type": "flatten"}, linear(10_000_000)],
    [
        conv(50_000, 1),
        conv(50_000, groups=50_000, padding=[65_000, 60_001], stride=[65_000, 9_999]),
    ],
    [{"type": "concat", "inputs": ["input"] * 64}],
    [{"type": "adaptive_avg_pool2d", "output_size": [65_536, 65_536]}, {"type": "relu"}],
]


def test_the_largest_numbers_stand_as_ruff_puts_them(tmp_path: Path) -> None:
    texts = [source(network(*layers)) for layers in LARGE]

    assert sources.blemishes(texts, tmp_path) == ""


def test_a_file_is_written_without_pytorch() -> None:
    code = "import sys, solver.source; print({'torch', 'numpy', 'ortools'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"


HOSTILE = [
    '"""\nimport os\n"""', '"', "'''", "\\", 'ends in \\"', "\\N{BULLET} \\x00", "a\r\nb\x0cc",
    "\x00", "\u2028import os", "\u202egnihton", "# type: ignore", "  indented", "{name}",
    "ü × 网络 🙂", "'", "-",
]  # fmt: skip


@pytest.mark.slow
def test_a_text_stays_text(tmp_path: Path) -> None:
    texts = [source(titled(name=it, description=it), it) for it in HOSTILE]
    plain = ast.parse(source(tiny_resnet(), "x")).body[1:]

    @settings(max_examples=200, deadline=None)
    @given(text=st.text(min_size=1, max_size=200))
    def write(text: str) -> None:
        texts.append(source(titled(name=text, description=text), text))

    write()
    for text in texts:
        docstring, *rest = ast.parse(text).body
        assert isinstance(docstring, ast.Expr)
        assert [ast.dump(it) for it in rest] == [ast.dump(it) for it in plain]
    assert sources.blemishes(texts, tmp_path) == ""


def named(name: str) -> Architecture:
    """A network in which a layer, blocks and a block within a block have the same name."""
    names = [name, f"{name}1", f"{name}.{name}", f"{name}.0.{name}", f"{name}.1.{name}"]
    return network(
        *(
            layer
            for it in names
            for layer in (
                {"name": it, **conv(4, 1)},
                {"name": f"{it}_norm", "type": "batch_norm2d"},
                {"name": f"{it}_add", "type": "add", "inputs": [f"{it}_norm", it]},
            )
        )
    )


def test_a_layer_may_have_any_name(tmp_path: Path) -> None:
    texts = [source(named(name)) for name in sources.PARTS]

    for text in texts:
        sources.run(text, "__main__")
    assert sources.blemishes(texts, tmp_path) == ""


def test_a_layer_type_without_a_rule_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(RULES, type(ReLU()))

    with pytest.raises(NotImplementedError, match="no line for 'relu'"):
        source(network({"type": "relu"}))


def test_an_inserted_layer_joins_the_sequence_that_it_interrupts() -> None:
    names = ["features.0", "features.1", "pool1", "features.2", "head"]
    layers: list[dict[str, Any]] = [conv(), {"type": "relu"}, {"type": "identity"}, conv(), conv()]

    of_names = [{"name": name, **layer} for name, layer in zip(names, layers, strict=True)]
    text = source(network(*of_names, resolution=16))

    assert [key for key, _ in sources.variant(text).named_parameters()] == [
        "features.0.weight", "features.3.weight", "head.weight"
    ]  # fmt: skip
