"""The parameters of a block's class: the arguments in which its instances differ."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from solver.network.layers import Shape
from solver.source import identifiers
from solver.source.rules import Argument, Value, literal

_WIDTHS: Final = frozenset(
    ["in_channels", "out_channels", "in_features", "out_features", "num_features",
     "normalized_shape", "channels", "groups"]
)  # fmt: skip
"""Arguments that are numbers of channels, and that one parameter may set together."""

_OF_VECTORS: Final = ("in_features", "out_features")


class Slot(NamedTuple):
    """An argument of a module inside a block."""

    attribute: str
    argument: Argument


class Use(NamedTuple):
    """One use of a block's class: the arguments inside it, and the shapes at both its ends."""

    slots: Sequence[Slot]
    read: Shape
    made: Shape


class Parameter(NamedTuple):
    """A parameter of a class's constructor.

    Attributes
    ----------
    column
        The first of the arguments that it sets.
    """

    name: str
    annotation: str
    column: int
    is_positional: bool


class Text(NamedTuple):
    """An argument as it is written; ``is_default`` if it can be left out."""

    text: str
    is_default: bool


class Signature:
    """The constructor of a class.

    Attributes
    ----------
    parameters
        What differs between the uses: first the numbers of channels at both ends, then the rest.
    texts
        Each argument inside the class, as it is written there.
    """

    def __init__(self, uses: Sequence[Use]) -> None:
        self._uses = uses
        self._names = identifiers.parameters()
        vectors = [[use.slots[it].argument.value for use in uses] for it in range(self._length)]
        sets: dict[tuple[str, tuple[Value, ...]], list[int]] = {}
        for column, values in enumerate(vectors):
            if any(value != values[0] for value in values):
                sets.setdefault((self._kind(column), tuple(values)), []).append(column)
        found = [self._parameter(columns) for columns in sets.values()]
        of_column = {
            column: parameter.name
            for parameter, columns in zip(found, sets.values(), strict=True)
            for column in columns
        }
        self.parameters = sorted(found, key=self._rank)
        self.texts = [
            Text(of_column.get(column, literal(values[0])), self._is_default(column))
            for column, values in enumerate(vectors)
        ]

    @property
    def _length(self) -> int:
        return len(self._uses[0].slots)

    def _slot(self, column: int) -> Slot:
        return self._uses[0].slots[column]

    def _kind(self, column: int) -> str:
        """Arguments of one kind whose values are equal in all uses have one parameter."""
        name = self._slot(column).argument.name
        return "width" if name in _WIDTHS else name

    def _is_default(self, column: int) -> bool:
        arguments = [use.slots[column].argument for use in self._uses]
        return all(it.default is not None and it.value == it.default for it in arguments)

    def _parameter(self, columns: Sequence[int]) -> Parameter:
        column = columns[0]
        values = [use.slots[column].argument.value for use in self._uses]
        end = self._end(values) if self._kind(column) == "width" else ""
        name = self._names.give(end or self._own_name(columns))
        return Parameter(name, _annotation(values), column, bool(end))

    def _end(self, values: Sequence[Value]) -> str:
        """What a width is called that all uses have at one of their ends, or at both."""
        unit = "channels" if len(self._uses[0].read) > 1 else "features"
        is_read = all(use.read[0] == it for use, it in zip(self._uses, values, strict=True))
        if all(use.made[0] == it for use, it in zip(self._uses, values, strict=True)):
            return unit if is_read else f"out_{unit}"
        return f"in_{unit}" if is_read else ""

    def _own_name(self, columns: Sequence[int]) -> str:
        """A name from what is set, such as ``stride`` or ``squeeze_channels``."""
        slots = [self._slot(column) for column in columns]
        names = {slot.argument.name for slot in slots}
        if self._kind(columns[0]) != "width" or names == {"groups"}:
            return slots[0].argument.name
        setting = (slot for slot in slots if slot.argument.name.startswith("out_"))
        slot = next(setting, slots[0])
        unit = "features" if slot.argument.name in _OF_VECTORS else "channels"
        return f"{slot.attribute}_{unit}"

    @staticmethod
    def _rank(parameter: Parameter) -> tuple[bool, bool, int]:
        is_made = parameter.name.startswith("out_")
        return not parameter.is_positional, parameter.is_positional and is_made, parameter.column


def _annotation(values: Sequence[Value]) -> str:
    """The types of values, such as ``int | tuple[int, int]``."""
    return " | ".join(sorted({_type_of(value) for value in values}))


def _type_of(value: Value) -> str:
    if isinstance(value, tuple):
        return f"tuple[{', '.join(['int'] * len(value))}]"
    return type(value).__name__
