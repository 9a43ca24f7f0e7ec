"""From drafts to an architecture."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from pydantic import ValidationError
from torch import nn

from solver.network.architecture import Architecture
from solver.network.graph import IMAGE as IMAGE_NAME
from solver.network.sentences import sentence
from trainer.importing.imported import Imported
from trainer.importing.naming import names
from trainer.importing.reading import Reading
from trainer.importing.refusal import NotImportableError
from trainer.importing.values import IMAGE, Draft


def assemble(module: nn.Module, shape: Sequence[int], reading: Reading, name: str) -> Imported:
    """Make an architecture of the drafts that the output depends on.

    Raises
    ------
    NotImportableError
        An architecture cannot be like this: it has too many layers, for example.
    """
    places = _needed(reading)
    drafts = [reading.drafts[place] for place in places]
    called = names(module, drafts)
    known_as = {IMAGE: IMAGE_NAME, **dict(zip(places, called, strict=True))}
    layers = [
        {"name": own, "type": it.type, **it.fields, "inputs": [known_as[at] for at in it.read]}
        for own, it in zip(called, drafts, strict=True)
    ]
    _share(layers, drafts)
    _leave_out_the_layer_before(layers)
    channels, height, width = shape
    image = {"channels": channels, "height": height, "width": width}
    try:
        architecture = Architecture.model_validate({"name": name, "input": image, "layers": layers})
    except ValidationError as invalid:
        reasons = "; ".join(sentence(details) for details in invalid.errors()[:3])
        raise NotImportableError(f"it cannot be an architecture: {reasons}") from None
    return Imported(architecture, dict(_sources(drafts)), _unused(module, drafts), drafts)


def _needed(reading: Reading) -> list[int]:
    """Places of the drafts that the output depends on, in their order."""
    needed = {reading.output}
    for place in range(reading.output, -1, -1):
        if place in needed:
            needed.update(reading.drafts[place].read)
    return sorted(needed - {IMAGE})


def _share(layers: Sequence[dict[str, Any]], drafts: Sequence[Draft]) -> None:
    """Say of layers that use the weights of an earlier one that they share them."""
    first: dict[str, str] = {}
    for layer, draft in zip(layers, drafts, strict=True):
        if weight := draft.weights.get("weight"):
            owner = first.setdefault(weight, layer["name"])
            if owner != layer["name"]:
                layer["shares"] = owner


def _leave_out_the_layer_before(layers: Sequence[dict[str, Any]]) -> None:
    before = IMAGE_NAME
    for layer in layers:
        if layer["inputs"] == [before]:
            del layer["inputs"]
        before = layer["name"]


def _sources(drafts: Sequence[Draft]) -> Iterator[tuple[str, str]]:
    """Yield names in the network's state with names in the module's."""
    for place, draft in enumerate(drafts):
        for name, weight in draft.weights.items():
            yield f"{place}.{name}", weight


def _unused(module: nn.Module, drafts: Sequence[Draft]) -> dict[str, int]:
    """Parameters that no draft uses, by the outermost modules that hold nothing else."""
    used = {weight for draft in drafts for weight in draft.weights.values()}
    kept = {id(it) for name, it in module.named_parameters(remove_duplicate=False) if name in used}
    found: dict[str, int] = {}
    for name, parameter in module.named_parameters():
        if id(parameter) not in kept:
            head = _head(module, name, kept)
            found[head] = found.get(head, 0) + parameter.numel()
    return found


def _head(module: nn.Module, name: str, kept: Collection[int]) -> str:
    """The outermost module that holds a parameter and none that is kept, or the parameter."""
    parts = name.split(".")
    for length in range(1, len(parts)):
        path = ".".join(parts[:length])
        if not any(id(it) in kept for it in module.get_submodule(path).parameters()):
            return path
    return name
