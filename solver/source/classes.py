"""The classes of a file, line by line, and their names."""

from collections.abc import Iterable, Sequence
from typing import Final

from solver.network.layers import Add, Concat, Conv2d, Layer, Linear, Mul
from solver.source import identifiers
from solver.source.blocks import Block, constructor
from solver.source.forward import INPUTS, body
from solver.source.printing import INDENT, Call, lines
from solver.source.rules import HELPERS

_KINDS: Final[dict[type[Layer], str]] = {
    Mul: "GatedBlock",
    Add: "ResidualBlock",
    Concat: "ConcatBlock",
    Conv2d: "ConvBlock",
    Linear: "LinearBlock",
}
"""What blocks are called whose own names are only numbers, by the first of these that they have."""


def name_all(blocks: Iterable[Block], whole: Block) -> None:
    """Give each class its name."""
    names = identifiers.classes(HELPERS)
    whole.name = "Variant"
    for block in blocks:
        block.name = names.give(_wanted(block))


def _wanted(block: Block) -> str:
    """The name that all uses of a block have but for numbers, or else what it does."""
    last = {place.rpartition(".")[2].rstrip("0123456789_") for place in block.places}
    if len(last) == 1 and (name := last.pop()):
        return identifiers.camel(name)
    types = {type(step.layer) for step in block.steps}
    return next((name for layer, name in _KINDS.items() if layer in types), "Block")


def class_lines(block: Block, docstring: str = "") -> list[str]:
    """The lines of a class."""
    parts = [_constructor(block), _forward(block)]
    if docstring:
        parts.insert(0, [f'    """{docstring}"""'])
    written = [line for part in parts if part for line in ("", *part)]
    return [f"class {block.name}(nn.Module):", *written[1:]]


def _constructor(block: Block) -> list[str]:
    """``__init__``; none if the class has no modules."""
    texts = iter(block.signature.texts)
    made = [
        line
        for step in block.steps
        if step.made is not None
        for line in lines(2 * INDENT, f"self.{step.attribute} = ", constructor(step.made, texts))
    ]
    parameters = [f"{it.name}: {it.annotation}" for it in block.signature.parameters]
    head = _definition("__init__", parameters, "None")
    return [*head, "        super().__init__()", *made] if made else []


def _forward(block: Block) -> list[str]:
    names = INPUTS[: len(block.reads)]
    head = _definition("forward", [f"{name}: Tensor" for name in names], "Tensor")
    return [*head, *body(block)]


def _definition(name: str, parameters: Sequence[str], returned: str) -> list[str]:
    arguments = [("", it) for it in ("self", *parameters)]
    return lines(INDENT, "def ", Call(name, arguments), f" -> {returned}:")


def block_docstring(block: Block) -> str:
    """Which layers a block consists of, by their names."""
    first, *others = block.places
    if not others:
        return f"{first}."
    return f"{first}, and {len(others)} {'others' if others[1:] else 'other'} like it."
