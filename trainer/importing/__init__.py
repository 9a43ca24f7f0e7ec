"""PyTorch modules as architectures."""

from torch import nn

from solver.network.architecture import Architecture
from trainer.importing.assembling import assemble
from trainer.importing.checking import check
from trainer.importing.imported import Imported
from trainer.importing.reading import read
from trainer.importing.refusal import NotImportableError

__all__ = ["Imported", "NotImportableError", "from_module", "import_module"]


def from_module(module: nn.Module, shape: tuple[int, int, int], name: str = "") -> Architecture:
    """Make an architecture of a module for images of ``(channels, height, width)``.

    The module is traced in evaluation mode by ``torch.export``, and stays as it is. Its layers
    have its modules' qualified names. The architecture is checked: its counts are those that
    PyTorch measures, and with the module's weights it gives the same output.

    Raises
    ------
    NotImportableError
        The module cannot be traced, or does what no layer type does; the message names the
        operation and its line of source.
    """
    return import_module(module, shape, name).architecture


def import_module(module: nn.Module, shape: tuple[int, int, int], name: str = "") -> Imported:
    """As :func:`from_module`, with where the weights are, and with the parameters not used."""
    imported = assemble(module, shape, read(module, shape), name or type(module).__name__)
    check(imported, module)
    return imported
