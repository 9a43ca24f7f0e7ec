import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from app.shipped import example
from solver.network.architecture import Architecture
from solver.source import source
from tests.app.cli.conftest import Isobudget
from trainer.exporting import load_weights
from trainer.importing import NotImportableError
from trainer.importing.sources import named
from trainer.networks import build

NETWORK = example("digits-architecture")
ARCHITECTURE = Architecture.model_validate(NETWORK)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "network.json"
    path.write_text(json.dumps(NETWORK), encoding="utf-8")
    return path


def test_source_is_that_of_model_py(isobudget: Isobudget, file: Path) -> None:
    result = isobudget("export", file, "--format", "py")

    assert result.exit_code == 0
    assert result.stdout == source(ARCHITECTURE)


def test_json_is_the_same_architecture(isobudget: Isobudget, file: Path, tmp_path: Path) -> None:
    output = tmp_path / "other.json"

    isobudget("export", file, "--format", "json", "-o", output)

    assert Architecture.model_validate_json(output.read_text(encoding="utf-8")) == ARCHITECTURE


def test_an_onnx_file_computes_what_the_network_does(
    isobudget: Isobudget, file: Path, tmp_path: Path
) -> None:
    output = tmp_path / "network.onnx"

    result = isobudget("export", file, "--format", "onnx", "-o", output)

    assert result.exit_code == 0, result.stderr
    torch.manual_seed(0)
    network = build(ARCHITECTURE).eval()
    images_BCHW = torch.rand(3, *ARCHITECTURE.input.shape)
    session: Any = onnxruntime.InferenceSession(str(output), providers=["CPUExecutionProvider"])
    (given,) = session.run(None, {"images": images_BCHW.numpy()})
    with torch.no_grad():
        np.testing.assert_allclose(given, network(images_BCHW).numpy(), rtol=0, atol=1e-5)


MODULE = """
from parts import convolution
from torch import nn

def make():
    return nn.Sequential(convolution(), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))
"""
PARTS = """
from torch import nn

def convolution():
    return nn.Conv2d(1, 4, 3)
"""


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A file with a factory, which imports a module beside it."""
    (tmp_path / "parts.py").write_text(PARTS, encoding="utf-8")
    (tmp_path / "network.py").write_text(MODULE, encoding="utf-8")
    return tmp_path / "network.py"


@pytest.mark.slow
def test_an_onnx_file_computes_what_a_module_does_with_its_own_weights(
    isobudget: Isobudget, module: Path, tmp_path: Path
) -> None:
    own = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))
    weights, output = tmp_path / "weights.pt", tmp_path / "network.onnx"
    torch.save(own.state_dict(), weights)

    asked = ["--format", "onnx", "--weights", weights, "--resolution", 8, "-o", output]
    result = isobudget("export", f"{module}:make", *asked)

    assert result.exit_code == 0, result.stderr
    images_BCHW = torch.rand(3, 1, 8, 8)
    session: Any = onnxruntime.InferenceSession(str(output), providers=["CPUExecutionProvider"])
    (given,) = session.run(None, {"images": images_BCHW.numpy()})
    with torch.no_grad():
        np.testing.assert_allclose(given, own(images_BCHW).numpy(), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"0.weight": torch.zeros(4, 1, 3, 3)}, "is not of this network: .*Missing key"),
        (torch.zeros(3), "holds no state dict"),
    ],
)
def test_weights_of_something_else_are_refused(
    module: Path, tmp_path: Path, state: object, reason: str
) -> None:
    weights = tmp_path / "weights.pt"
    torch.save(state, weights)

    with pytest.raises(NotImportableError, match=reason):
        load_weights(named(f"{module}:make").module, weights)


def test_only_onnx_takes_weights(isobudget: Isobudget, file: Path) -> None:
    result = isobudget("export", file, "--format", "py", "--weights", file)

    assert result.exit_code == 2
    assert "only ONNX holds weights; ask for --format onnx" in result.stderr


def test_an_onnx_file_needs_a_place(isobudget: Isobudget, file: Path) -> None:
    result = isobudget("export", file, "--format", "onnx")

    assert result.exit_code == 2
    assert "say where to write it with -o" in result.stderr


def test_a_folder_that_is_not_there_is_told(
    isobudget: Isobudget, file: Path, tmp_path: Path
) -> None:
    result = isobudget("export", file, "--format", "json", "-o", tmp_path / "no" / "x.json")

    assert result.exit_code == 1
    assert "cannot be written: No such file" in result.stderr
