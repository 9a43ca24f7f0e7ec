"""``python -m trainer.exporting FILE``: writes the architecture on standard input as ONNX.

The weights are PyTorch's initial ones. With ``--source SOURCE --weights WEIGHTS`` the network is
that of a module, with the weights of a state dict in a file.

The exit code is :data:`app.errors.REFUSED`, and the last line says why, if the network cannot be
imported or ONNX cannot express it.
"""

import argparse
import pickle
import sys
from pathlib import Path

import torch
from torch import nn

from app.errors import REFUSED
from solver.network.architecture import Architecture
from solver.network.layers import Shape
from trainer.importing import NotImportableError, import_module
from trainer.importing.sources import named, shape_of
from trainer.networks import build


def initial(architecture: Architecture, seed: int = 0) -> nn.Module:
    """Build a network with PyTorch's initial weights."""
    torch.manual_seed(seed)
    return build(architecture)


def to_onnx(network: nn.Module, shape: Shape, path: str) -> None:
    """Write a network for images of ``(channels, height, width)`` as an ONNX file.

    The file takes batches of any size; the network is put into evaluation mode.
    """
    torch.onnx.export(
        network.eval(),
        (torch.zeros(2, *shape),),
        path,
        dynamo=True,
        input_names=["images"],
        output_names=["output"],
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        external_data=False,
        verbose=False,
    )


def load_weights(module: nn.Module, path: Path) -> None:
    """Load a state dict, or what holds one as ``state_dict``; no code of the file is run.

    Raises
    ------
    NotImportableError
        The file cannot be read, or its tensors are not those of the module.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        state = state.get("state_dict", state)
        module.load_state_dict(state)
    except (OSError, EOFError, pickle.UnpicklingError, AttributeError, TypeError) as unreadable:
        raise NotImportableError(
            f"{path} holds no state dict that can be read ({_in_a_line(unreadable)}); "
            "write one with torch.save(module.state_dict(), FILE)"
        ) from None
    except RuntimeError as other:
        raise NotImportableError(f"{path} is not of this network: {_in_a_line(other)}") from None


def _in_a_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _asked(source: str | None, weights: Path, resolution: int | None) -> tuple[nn.Module, Shape]:
    """The network, and the shape of its images: a module's, or the one on standard input."""
    if source is None:
        architecture = Architecture.model_validate_json(sys.stdin.buffer.read())
        return initial(architecture), architecture.input.shape
    found = named(source)
    load_weights(found.module, weights)
    imported = import_module(found.module, shape_of(found, resolution), found.name)
    return imported.network(found.module), imported.architecture.input.shape


def main() -> None:
    """Write what the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m trainer.exporting")
    parser.add_argument("path")
    parser.add_argument("--source")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--resolution", type=int)
    asked = parser.parse_args()
    try:
        to_onnx(*_asked(asked.source, asked.weights, asked.resolution), asked.path)
    except (NotImportableError, torch.onnx.OnnxExporterError) as refused:
        parser.exit(REFUSED, f"{_in_a_line(refused)}\n")


if __name__ == "__main__":
    main()
