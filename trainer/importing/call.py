"""One operation of a traced module, as the rules for operations see it."""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from torch import fx

from trainer.importing.refusal import NotImportableError, owner_of, place_of, refusing
from trainer.importing.values import Draft, Parameter, Parts, Traced, Value


class Call:
    """An operation with its arguments by name; it adds drafts of layers to a list.

    Parameters
    ----------
    traced
        What the nodes before this one stand for.
    """

    def __init__(
        self, node: fx.Node, traced: Mapping[fx.Node, Traced], drafts: list[Draft]
    ) -> None:
        self.name, self.arguments = name_of(node), arguments_of(node)
        self._node, self._traced, self._drafts = node, traced, drafts

    def __getitem__(self, name: str) -> Any:
        """An argument as it was given, or its default."""
        return self.arguments[name]

    def refuse(self, reason: str) -> NoReturn:
        """Refuse the operation.

        Raises
        ------
        NotImportableError
            Always.
        """
        refusing(self._node)(reason)

    def traced(self, argument: Any) -> Value | Parameter | Parts:
        """What an argument stands for."""
        found = self._traced.get(argument) if isinstance(argument, fx.Node) else None
        if found is None or isinstance(found, NotImportableError):
            self.refuse(f"reads {argument}")
        return found

    def value(self, argument: Any) -> Value:
        """What a layer made, or the image."""
        found = self.traced(argument)
        if isinstance(found, Value):
            return found
        what = f"the parameter {found.name}" if isinstance(found, Parameter) else "parts"
        return self.refuse(f"computes with {what}")

    def maps(self, argument: Any) -> Value:
        """A value whose axes are N, C, H and W in this order."""
        found = self.value(argument)
        if found.axes != "NCHW":
            self.refuse(f"reads a tensor with axes {', '.join(found.axes)}, not N, C, H, W")
        return found

    def parameter(self, argument: Any) -> str:
        """Name of a parameter or buffer in the module's state."""
        found = self._traced.get(argument)
        if isinstance(found, Parameter):
            return found.name
        return self.refuse("has a weight that is computed, not a parameter of the module")

    def parameters(self, **arguments: Any) -> dict[str, str]:
        """Names of several in the module's state; arguments that are ``None`` are left out."""
        given = {name: it for name, it in arguments.items() if it is not None}
        return {name: self.parameter(argument) for name, argument in given.items()}

    def shape(self, argument: Any) -> tuple[int, ...]:
        """Shape of an argument."""
        return tuple(int(side) for side in argument.meta["val"].shape)

    @property
    def result(self) -> tuple[int, ...]:
        """Shape of what the operation makes."""
        return self.shape(self._node)

    def widths(self, dim: int) -> list[int]:
        """Lengths along an axis of the several tensors that the operation makes."""
        return [int(tensor.shape[dim]) for tensor in self._node.meta["val"]]

    def axis(self, argument: Any, dim: int) -> str:
        """The letter of an argument's axis."""
        return self.value(argument).axes[dim]

    def layer(
        self,
        kind: str,
        read: Sequence[Value],
        fields: Mapping[str, Any] | None = None,
        weights: Mapping[str, str] | None = None,
        axes: str | None = None,
    ) -> Value:
        """Draft a layer; its output has the axes of what it reads first, or those given."""
        places = [value.place for value in read]
        owner, line = owner_of(self._node), place_of(self._node)
        self._drafts.append(Draft(kind, fields or {}, places, owner, line, weights or {}))
        return Value(len(self._drafts) - 1, axes or read[0].axes)

    def part(self, parts: Parts, index: int) -> Value:
        """Draft the layer that gives one of equal parts; a single part is the whole."""
        if parts.number == 1:
            return parts.whole
        fields = {"chunks": parts.number, "index": index % parts.number}
        return self.layer("chunk", [parts.whole], fields)


def name_of(node: fx.Node) -> str:
    """Name of an operation in ATen, without overload and the ``_`` of those that work in place."""
    schema = getattr(node.target, "_schema", None)
    name = schema.name if schema is not None else getattr(node.target, "__name__", "")
    return str(name).removeprefix("aten::").removesuffix("_")


def arguments_of(node: fx.Node) -> dict[str, Any]:
    """Arguments of an operation by their names in its schema, defaults filled in.

    The first is always called ``self`` or ``input``; it is found under both names.
    """
    schema = getattr(node.target, "_schema", None)
    if schema is None:
        return {"self": node.args[0], "index": node.args[1]}
    found: dict[str, Any] = {}
    for place, argument in enumerate(schema.arguments):
        default = argument.default_value
        given = node.args[place] if place < len(node.args) else default
        found[argument.name] = node.kwargs.get(argument.name, given)
    if node.args:
        found["self"] = found["input"] = node.args[0]
    return found
