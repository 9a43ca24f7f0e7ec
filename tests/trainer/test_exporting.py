from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch

from tests.trainer.importing.equality import stirred
from trainer.exporting import initial, to_onnx
from trainer.importing import from_module
from trainer.networks import build
from trainer.vision import models


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize(
    "name", ["resnet18", "squeezenet1_1", "mobilenet_v3_small", "shufflenet_v2_x1_0", "densenet121"]
)
def test_an_onnx_file_of_an_imported_network_computes_what_the_network_does(
    name: str, tmp_path: Path
) -> None:
    architecture = from_module(stirred(models.get_model(name, weights=None)), (3, 64, 64))
    path = str(tmp_path / "network.onnx")

    to_onnx(initial(architecture, seed=3), architecture.input.shape, path)

    torch.manual_seed(3)
    network = build(architecture).eval()
    images_BCHW = torch.rand(2, 3, 64, 64)
    session: Any = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (given,) = session.run(None, {"images": images_BCHW.numpy()})
    with torch.no_grad():
        expected = network(images_BCHW).numpy()
    np.testing.assert_allclose(given, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
