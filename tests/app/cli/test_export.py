import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch

from app.shipped import example
from solver.network.architecture import Architecture
from solver.source import source
from tests.app.cli.conftest import Isobudget
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
