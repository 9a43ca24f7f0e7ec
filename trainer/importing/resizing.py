"""The tensors and sizes of a module's own parts, made those of another network."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import torch
from torch import Tensor, nn

from solver.network.architecture import Architecture
from trainer.importing.imported import Imported, every_tensor
from trainer.networks import build

SIZES: Final = (
    "in_channels", "out_channels", "num_features", "normalized_shape", "groups", "kernel_size",
    "stride", "padding", "dilation",
)  # fmt: skip
"""Attributes in which PyTorch's modules keep sizes."""

_Holders: TypeAlias = Mapping[int, Sequence[tuple[nn.Module, str]]]
"""The parts that hold a tensor, and its name in each, by the tensor's identity."""


def resize(module: nn.Module, known: Imported, architecture: Architecture) -> None:
    """Give a module's parts the sizes of an architecture, in place.

    A tensor whose shape changes is replaced by one with random values. ``known`` is the module, or
    one that it is a copy of, as imported; both architectures have the same types of layers.
    """
    with torch.device("meta"):
        before, behind = list(build(known.architecture)), list(build(architecture))
    tensors, holders = every_tensor(module), _holders(module)
    for place, draft in enumerate(known.drafts):
        own = {name: tensors[source] for name, source in draft.weights.items()}
        for name, tensor in own.items():
            was, becomes = (getattr(it[place], name).shape for it in (before, behind))
            _replace(tensor, was, becomes, holders)
        for part in _parts(module, draft.owner, own.values(), holders):
            _set_sizes(part, before[place], behind[place])


def _holders(module: nn.Module) -> _Holders:
    found = defaultdict[int, list[tuple[nn.Module, str]]](list)
    for part in module.modules():
        for own in (part.named_parameters, part.named_buffers):
            for name, tensor in own(recurse=False, remove_duplicate=False):
                found[id(tensor)].append((part, name))
    return found


def _replace(tensor: Tensor, before: Sequence[int], behind: Sequence[int], held: _Holders) -> None:
    """Put a new tensor wherever this one is held, if a layer's shape for it changes."""
    if before == behind:
        return
    new = _drawn(tensor, _reshaped(tuple(tensor.shape), before, behind))
    if isinstance(tensor, nn.Parameter):
        new = nn.Parameter(new, requires_grad=tensor.requires_grad)
    for part, name in held[id(tensor)]:
        setattr(part, name, new)


def _reshaped(own: Sequence[int], before: Sequence[int], behind: Sequence[int]) -> Sequence[int]:
    """The shape of a module's tensor, where a layer's shape for it changes.

    The two differ for a linear layer on channels-last maps, a convolution of one pixel here, and
    for factors of channels, which a module may keep with further axes of length 1.
    """
    if len(own) <= len(behind):
        return behind[: len(own)]
    channels = own.index(before[0])
    return [behind[0] if axis == channels else 1 for axis in range(len(own))]


def _parts(
    module: nn.Module, owner: str, tensors: Iterable[Tensor], holders: _Holders
) -> Iterator[nn.Module]:
    """Yield the parts that keep a layer's sizes: those with its tensors, or the one called."""
    held = {id(part): part for tensor in tensors for part, _ in holders[id(tensor)]}
    part = module.get_submodule(owner)
    if not held and not any(True for _ in part.children()):
        held = {id(part): part}
    yield from held.values()


def _set_sizes(part: nn.Module, before: nn.Module, behind: nn.Module) -> None:
    """Set those of a part's sizes that change from one layer to the other."""
    if isinstance(part, nn.Linear):
        part.out_features, part.in_features = part.weight.shape
        return
    for name in SIZES:
        size = getattr(behind, name, None)
        if hasattr(part, name) and size != getattr(before, name, None):
            setattr(part, name, size)


def initialise(module: nn.Module) -> None:
    """Give a module new random values, as PyTorch initialises its parts.

    A part that PyTorch does not know how to initialise gets values with the mean and the deviation
    of those that it has, so that constants stay constant.
    """
    for part in module.modules():
        reset = getattr(part, "reset_parameters", None)
        if callable(reset):
            reset()
            continue
        for parameter in part.parameters(recurse=False):
            parameter.data = _drawn(parameter, parameter.shape)


def _drawn(like: Tensor, shape: Sequence[int]) -> Tensor:
    """Normal random values with the mean and the deviation of a tensor."""
    values = torch.randn(*shape, dtype=like.dtype, device=like.device)
    return values * like.detach().std(correction=0) + like.detach().mean()
