"""``python -m trainer.exporting FILE``: writes the architecture on standard input as ONNX.

The weights are PyTorch's initial ones.
"""

import sys

import torch

from solver.network.architecture import Architecture
from trainer.networks import build


def to_onnx(architecture: Architecture, path: str, seed: int = 0) -> None:
    """Write an architecture, with initial weights, as an ONNX file for batches of any size."""
    torch.manual_seed(seed)
    network = build(architecture).eval()
    images_BCHW = torch.zeros(2, *architecture.input.shape)
    torch.onnx.export(
        network,
        (images_BCHW,),
        path,
        dynamo=True,
        input_names=["images"],
        output_names=["output"],
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        external_data=False,
        verbose=False,
    )


if __name__ == "__main__":
    to_onnx(Architecture.model_validate_json(sys.stdin.buffer.read()), sys.argv[1])
