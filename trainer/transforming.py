"""A variant in the user's own code: a copy of a module with other widths and windows."""

from copy import deepcopy
from itertools import zip_longest
from typing import Final

import torch
from torch import nn

from solver.answers.variants import Variant
from solver.network.architecture import Architecture
from solver.network.layers import Layer
from trainer.importing.assembling import assemble
from trainer.importing.checking import check
from trainer.importing.imported import Imported, every_tensor
from trainer.importing.reading import BATCH, read
from trainer.importing.refusal import NotImportableError, first_line, place_in
from trainer.importing.resizing import initialise, resize
from trainer.networks import valueless

REMEDY: Final = (
    "trainer.networks.build(architecture) and the variant's model.py make it without this code"
)

_KEPT: Final = "its code keeps a size that the variant changes"


class NotTransformableError(ValueError):
    """A module's own code cannot compute a variant; the message names the place and the remedy."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}; {REMEDY}")


def transform(
    module: nn.Module,
    variant: Variant | Architecture,
    *,
    keep: bool = False,
    shape: tuple[int, int, int] | None = None,
) -> nn.Module:
    """Make a copy of a module that computes a variant of it, with the module's own code.

    The copy's convolutions, linear layers, norms, learned factors and pools have the variant's
    sizes. The copy is checked: imported at the variant's resolution, it is the variant's
    architecture, and PyTorch counts what the variant counts. The module stays as it is.

    Parameters
    ----------
    variant
        A variant of the architecture that the module is imported as.
    keep
        Keep the module's values where shapes agree. All others, or all, are newly initialised as
        PyTorch initialises the modules, which may not be how the module's own code does.
    shape
        ``(channels, height, width)`` of images that the module takes. If missing, the variant's, or
        else the largest below that the module takes.

    Raises
    ------
    NotImportableError
        The module cannot be imported.
    NotTransformableError
        The variant has other layers, or the module's code holds a size that the variant changes.
    """
    architecture = variant.architecture if isinstance(variant, Variant) else variant
    shape = shape or _taken(module, architecture)
    known = assemble(module, shape, read(module, shape), type(module).__name__)
    _compare(known.architecture, architecture)
    changed = deepcopy(module)
    resize(changed, known, architecture)
    initialise(changed)
    if keep:
        _keep(module, changed)
    _check(changed, architecture)
    _check_training(changed, module, architecture, shape)
    return changed


def _taken(module: nn.Module, architecture: Architecture) -> tuple[int, int, int]:
    """The shape of the variant's images, or the largest below that a module takes.

    A module that flattens its maps takes images of its own resolution only.
    """
    channels, height, width = architecture.input.shape
    copied, first = valueless(module).eval(), None
    for side in range(architecture.resolution, 0, -1):
        scaled = [round(it * side / architecture.resolution) for it in (height, width)]
        shape = (channels, scaled[0], scaled[1])
        failed = _failure(copied, shape)
        if failed is None:
            return shape
        first = first or failed
    raise NotTransformableError(
        f"it takes no images with {channels} channels of {height} × {width} pixels or less; if it "
        f"takes others, say so with shape=(channels, height, width): {first}"
    )


def _failure(module: nn.Module, shape: tuple[int, int, int]) -> str | None:
    """How a module without values fails for images of a shape, and where; ``None`` if it runs."""
    images_BCHW = torch.empty(BATCH, *shape, device="meta")
    try:
        with torch.no_grad():
            output = module(images_BCHW)
    except Exception as failed:  # whatever the module's own code raises
        return first_line(failed) + place_in(module, failed)
    if module.training or len(output) == BATCH:
        return None
    return f"it gives {len(output)} outputs for {BATCH} images"


def _compare(own: Architecture, other: Architecture) -> None:
    """Compare the layers of a module with a variant's: types, and what they read."""
    for a, b in zip_longest(own.layers, other.layers):
        if a is None or b is None or a.type != b.type:
            raise NotTransformableError(
                f"the variant has {_described(b)} where the module has {_described(a)}; a copy has "
                "the module's layers in other sizes"
            )
    if own.links != other.links:
        raise NotTransformableError("the variant's layers read other layers than the module's")


def _described(layer: Layer | None) -> str:
    return "no layer" if layer is None else f"{layer.name} ({layer.type})"


def _keep(module: nn.Module, changed: nn.Module) -> None:
    """Copy a module's values to where shapes agree."""
    before = every_tensor(module)
    with torch.no_grad():
        for name, tensor in every_tensor(changed).items():
            if tensor.shape == before[name].shape:
                tensor.copy_(before[name])


def _check(changed: nn.Module, architecture: Architecture) -> None:
    """Hold a copy against the variant: it runs, is imported as the variant, and counts as it."""
    copied, shape = valueless(changed).eval(), architecture.input.shape
    if failed := _failure(copied, shape):
        raise NotTransformableError(f"{_KEPT}: {failed}")
    try:
        imported = assemble(copied, shape, read(copied, shape), type(changed).__name__)
        check(imported, copied)
    except NotImportableError as refused:
        raise NotTransformableError(f"{_KEPT}: {refused}") from None
    if imported.architecture.id != architecture.id:
        raise NotTransformableError(_difference(imported, architecture))


def _check_training(
    changed: nn.Module, module: nn.Module, architecture: Architecture, shape: tuple[int, int, int]
) -> None:
    """A copy of a module that runs in training mode does so, too."""
    failed = _failure(valueless(changed).train(), architecture.input.shape)
    if failed and not _failure(valueless(module).train(), shape):
        raise NotTransformableError(
            "in training it has parts that the variant does not have, such as auxiliary heads; "
            f"make the module without them: {failed}"
        )


def _difference(imported: Imported, architecture: Architecture) -> str:
    """The first layer that a copy has otherwise than the variant, with its place in the source."""
    pairs = zip(imported.architecture.layers, architecture.layers, imported.drafts, strict=True)
    for own, asked, draft in pairs:
        for name in type(asked).model_fields:
            found, wanted = getattr(own, name, None), getattr(asked, name)
            if name not in ("name", "inputs", "shares") and found != wanted:
                return (
                    f"its code gives {own.name} the {name} {found}, and the variant asks for "
                    f"{wanted}{draft.line}"
                )
    return "its layers share weights otherwise than the variant's"
