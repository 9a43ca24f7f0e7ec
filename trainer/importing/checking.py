"""An imported architecture against the module that it was imported from."""

from copy import deepcopy
from typing import Any, Final

import torch
from torch import Tensor, nn

from solver.network.counting import count
from trainer.importing.imported import Imported
from trainer.importing.refusal import NotImportableError
from trainer.networks import counts_of

MOST_OFF: Final = 1e-5
"""The largest difference between outputs, as a share of the largest of them."""


def check(imported: Imported, module: nn.Module) -> None:
    """Compare counts and, unless the module has no values, the outputs for one random image.

    Raises
    ------
    NotImportableError
        They are not equal.
    """
    counts = count(imported.architecture)
    params, macs = counts_of(module, imported.architecture)
    params -= sum(imported.unused.values())
    if (params, macs) != (counts.params, counts.macs):
        raise NotImportableError(
            f"it has {params:,} parameters that feed the output and {macs:,} multiply-adds, but "
            f"its layers have {counts.params:,} and {counts.macs:,}: it does something that its "
            "operations do not show"
        )
    if not any(parameter.is_meta for parameter in module.parameters()):
        _check_outputs(imported, module)


def _check_outputs(imported: Imported, module: nn.Module) -> None:
    generator = torch.Generator().manual_seed(0)
    images_BCHW = torch.rand(1, *imported.architecture.input.shape, generator=generator)
    with torch.no_grad():
        expected = _evaluating(module)(images_BCHW)
        difference = (imported.network(module)(images_BCHW) - expected).abs().max()
    if not difference <= MOST_OFF * expected.abs().max():
        raise NotImportableError(
            f"its output differs by up to {float(difference):.2g} from that of its layers with the "
            "same weights: it does something that its operations do not show"
        )


def _evaluating(module: nn.Module) -> nn.Module:
    """A copy of a module in evaluation mode that uses the module's own tensors."""
    own: dict[int, Tensor | Any] = {id(it): it for it in module.parameters()}
    own |= {id(it): it for it in module.buffers()}
    return deepcopy(module, own).eval()
