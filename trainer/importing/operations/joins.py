"""Operations that read several tensors, or that take channels apart."""

from math import prod
from typing import Any

from torch import fx

from trainer.importing.call import Call
from trainer.importing.rules import operation
from trainer.importing.values import Parameter, Parts, Value


@operation("add")
def add(call: Call) -> Value:
    """The sum of two tensors; adding zero changes nothing."""
    if call.arguments.get("alpha", 1) != 1:
        call.refuse("multiplies what it adds")
    if not isinstance(call["other"], fx.Node):
        return _unchanged(call, 0)
    return _joined(call, "add")


@operation("mul")
def multiply(call: Call) -> Value:
    """The product of two tensors, or learned factors of channels."""
    first, second = call["self"], call["other"]
    if not isinstance(second, fx.Node):
        return _unchanged(call, 1)
    if isinstance(call.traced(second), Parameter):
        return _scaled(call, first, second)
    if isinstance(call.traced(first), Parameter):
        return _scaled(call, second, first)
    return _joined(call, "mul")


@operation("cat")
def concatenate(call: Call) -> Value:
    """The channels of several tensors, one behind the other."""
    tensors = call.arguments["tensors"]
    if call.axis(tensors[0], call["dim"]) != "C":
        call.refuse("joins along another axis than channels")
    values = [call.value(tensor) for tensor in tensors]
    if len({value.axes for value in values}) > 1:
        call.refuse("joins tensors with axes in different orders")
    return values[0] if len(values) == 1 else call.layer("concat", values)


@operation("chunk", "split", "split_with_sizes")
def parts(call: Call) -> Parts:
    """Equal parts of the channels."""
    if call.axis(call["self"], call["dim"]) != "C":
        call.refuse("takes another axis than channels apart")
    widths = call.widths(call["dim"])
    if len(set(widths)) > 1:
        call.refuse(f"makes parts of {' and '.join(map(str, widths))} channels, which are unequal")
    return Parts(call.value(call["self"]), len(widths))


@operation("getitem")
def part(call: Call) -> Value:
    """One of several parts."""
    whole = call.traced(call["self"])
    return call.part(whole, call["index"]) if isinstance(whole, Parts) else call.refuse("indexes")


@operation("slice")
def slice_of(call: Call) -> Value:
    """A range of channels, if it is one of equal parts; a range that is everything is nothing."""
    value, before, behind = call.value(call["self"]), call.shape(call["self"]), call.result
    if before == behind:
        return value
    dim, width = call["dim"], behind[call["dim"]]
    start = call["start"] or 0
    start += before[dim] * (start < 0)
    is_part = before[dim] % width == start % width == 0 and call["step"] == 1
    if value.axes[dim] != "C" or not is_part:
        call.refuse("takes a range that is not one of equal parts of the channels")
    return call.part(Parts(value, before[dim] // width), start // width)


def _unchanged(call: Call, neutral: int) -> Value:
    """The value itself, if the number it is joined with changes nothing."""
    if call["other"] != neutral:
        call.refuse(f"computes with the number {call['other']}")
    return call.value(call["self"])


def _joined(call: Call, kind: str) -> Value:
    """A layer of two tensors with equal axes."""
    first, second = call.value(call["self"]), call.value(call["other"])
    if first.axes != second.axes:
        axes = " and ".join(", ".join(value.axes) for value in (first, second))
        call.refuse(f"joins tensors with axes {axes}")
    return call.layer(kind, [first, second])


def _scaled(call: Call, tensor: Any, factors: Any) -> Value:
    """Learned factors, one for each channel: all other axes of the parameter are 1 long."""
    value, found = call.value(tensor), call.traced(factors)
    assert isinstance(found, Parameter)
    channels = value.axes.index("C")
    shape, whole = call.shape(factors), call.shape(tensor)
    padded = (1,) * (len(whole) - len(shape)) + shape
    if not found.is_learned or not padded[channels] == prod(shape) == whole[channels]:
        call.refuse(f"multiplies by {found.name}, which is not one learned factor for each channel")
    return call.layer("scale", [value], weights={"weight": found.name})
