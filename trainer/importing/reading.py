"""From a module to drafts of layers, by ``torch.export``."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import fx, nn
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind, InputSpec

from trainer.importing import operations  # noqa: F401 # fills the table
from trainer.importing.call import Call, name_of
from trainer.importing.refusal import NotImportableError, first_line, place_in, refusing
from trainer.importing.rules import RULES
from trainer.importing.values import IMAGE, Draft, Parameter, Traced, Value
from trainer.networks import valueless

BATCH = 2
"""Images in the traced batch; with one, an axis of one pixel could be mistaken for the batch."""


class Reading(NamedTuple):
    """Drafts in the order in which they run, and the place of the one that gives the output."""

    drafts: Sequence[Draft]
    output: int


def read(module: nn.Module, shape: Sequence[int]) -> Reading:
    """Trace a module in evaluation mode on images of a shape, and draft its layers.

    A copy without values is traced; the module stays as it is.

    Raises
    ------
    NotImportableError
        The module cannot be traced, or holds an operation that no layer type does.
    """
    program = _exported(module, shape)
    traced: dict[fx.Node, Traced] = {}
    drafts: list[Draft] = []
    inputs = iter(program.graph_signature.input_specs)
    for node in program.graph.nodes:
        if node.op == "placeholder":
            traced[node] = _given(next(inputs))
        elif node.op == "call_function":
            traced[node] = _understood(node, traced, drafts)
            if _works_in_place(node):
                traced[node.args[0]] = traced[node]
    return Reading(drafts, _output(program, traced))


def _exported(module: nn.Module, shape: Sequence[int]) -> ExportedProgram:
    images_BCHW = torch.empty(BATCH, *shape, device="meta")
    copied = valueless(module).eval()
    try:
        with torch.no_grad():
            return torch.export.export(copied, (images_BCHW,))
    except Exception as failed:  # whatever the module's own code raises
        raise NotImportableError(
            f"it cannot be traced for images of {' × '.join(map(str, shape))}: "
            f"{first_line(failed)}{place_in(copied, failed)}"
        ) from failed


def _given(spec: InputSpec) -> Traced:
    """What an input of a traced module stands for: the image, a parameter or a constant."""
    if spec.kind is InputKind.USER_INPUT:
        return Value(IMAGE, "NCHW")
    return Parameter(spec.target or spec.arg.name, spec.kind is InputKind.PARAMETER)


def _understood(node: fx.Node, traced: dict[fx.Node, Traced], drafts: list[Draft]) -> Traced:
    """What an operation makes; a refusal if it, or one before that it depends on, is not known."""
    for before in node.all_input_nodes:
        if isinstance(refused := traced.get(before), NotImportableError):
            return refused
    try:
        rule = RULES.get(name_of(node))
        if rule is None:
            refusing(node)("is not known")
        return rule(Call(node, traced, drafts))
    except NotImportableError as refused:
        return refused


def _works_in_place(node: fx.Node) -> bool:
    """Whether an operation overwrites its first argument."""
    schema = getattr(node.target, "_schema", None)
    return schema is not None and bool(schema.is_mutable) and bool(node.args)


def _output(program: ExportedProgram, traced: dict[fx.Node, Traced]) -> int:
    (results,) = program.graph.output_node().args
    found: Any = [traced.get(it) for it in results] if isinstance(results, tuple) else []
    for it in found:
        if isinstance(it, NotImportableError):
            raise it
    match found:
        case [Value(place, "NCHW" | "NC")] if place != IMAGE:
            return place
    raise NotImportableError(f"it gives {len(found)} outputs; a network gives one tensor")
