"""An imported network against its module: counts, outputs, and the file that is written of it."""

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from solver.network.counting import count
from solver.source import source
from tests import sources
from trainer.importing import Imported, from_module, import_module


def stirred(module: nn.Module) -> nn.Module:
    """Give a module values with which everything that it holds matters to its output."""
    with torch.no_grad():
        for part in module.modules():
            if isinstance(part, nn.BatchNorm2d | nn.BatchNorm1d):
                part.running_mean = torch.rand(part.num_features) - 0.5
                part.running_var = torch.rand(part.num_features) + 0.5
        for parameter in module.parameters():
            if parameter.numel() > 1 and bool((parameter == parameter.flatten()[0]).all()):
                parameter.copy_(torch.rand_like(parameter) + 0.5)
    return module.eval()


def check(module: nn.Module, shape: tuple[int, int, int]) -> Imported:
    """Import a module, and hold the result against it."""
    torch.manual_seed(0)
    imported = import_module(stirred(module), shape)
    images_BCHW = torch.rand(2, *shape)
    with torch.no_grad():
        with FlopCounterMode(display=False) as counter:
            expected = module(images_BCHW)
        _close(imported.network(module)(images_BCHW), expected)
    counts = count(imported.architecture)
    unused = sum(imported.unused.values())
    assert counts.params == sum(it.numel() for it in module.parameters()) - unused
    assert 2 * 2 * counts.macs == counter.get_total_flops()
    return imported


def check_written(imported: Imported, shape: tuple[int, int, int]) -> None:
    """Import ``model.py`` of an imported network: the architecture is the same."""
    module = sources.variant(source(imported.architecture))
    assert from_module(module, shape).id == imported.architecture.id


def _close(actual: Tensor, expected: Tensor) -> None:
    largest = float(expected.abs().max())
    assert 0 < largest < float("inf")
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-5 * largest)
