"""Operations that reorder or merge axes.

Layers know one order of axes only. Permutations therefore become no layers: a value remembers the
order that the module gave its axes.
"""

from dataclasses import replace
from typing import Final

from trainer.importing.call import Call
from trainer.importing.rules import operation
from trainer.importing.values import Parameter, Parts, Value

_GROUPED: Final = "NgCHW"
"""Axes of maps whose channels are in groups."""
_INTERLEAVED: Final = "NCgHW"


@operation("permute")
def permute(call: Call) -> Value:
    """The axes in another order."""
    value = call.value(call["self"])
    return replace(value, axes="".join(value.axes[dim] for dim in call["dims"]))


@operation("transpose")
def transpose(call: Call) -> Value:
    """Two axes exchanged."""
    value = call.value(call["self"])
    axes = list(value.axes)
    one, other = call["dim0"], call["dim1"]
    axes[one], axes[other] = axes[other], axes[one]
    return replace(value, axes="".join(axes))


@operation("movedim")
def move(call: Call) -> Value:
    """One axis at another place."""
    value = call.value(call["self"])
    source, destination = call["source"], call["destination"]
    if not (isinstance(source, int) and isinstance(destination, int)):
        call.refuse("moves several axes at once")
    axes = list(value.axes)
    axes.insert(range(len(axes))[destination], axes.pop(source))
    return replace(value, axes="".join(axes))


@operation("view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "expand")
def reshape(call: Call) -> Value | Parameter | Parts:
    """What a new shape means: nothing, a flattened tensor, fewer axes, or a channel shuffle."""
    found = call.traced(call["self"])
    if isinstance(found, Parameter):
        return found
    value, before, behind = call.value(call["self"]), call.shape(call["self"]), call.result
    if before == behind:
        return value
    remembered = _squeezed(value, before, behind) or _grouped(value, before, behind)
    drafted = remembered or _flattened(call, value, before) or _shuffled(call, value, before)
    return drafted or call.refuse(f"makes a tensor of {_text(behind)} of one of {_text(before)}")


def _text(shape: tuple[int, ...]) -> str:
    """A shape without its batch."""
    return "×".join(str(side) for side in shape[1:])


def _squeezed(value: Value, before: tuple[int, ...], behind: tuple[int, ...]) -> Value | None:
    """The value without height or width, if these are one pixel; a vector if both are gone."""
    sides = [side for side, axis in zip(before, value.axes, strict=True) if axis in "HW"]
    if set(sides) != {1} or len(behind) != len(before) - 1 or len(sides) == 1:
        return None
    gone = next((at for at, side in enumerate(behind) if before[at] != side), len(behind))
    axes = value.axes[:gone] + value.axes[gone + 1 :]
    return replace(value, axes=axes) if {"N", "C"} <= set(axes) else None


def _flattened(call: Call, value: Value, before: tuple[int, ...]) -> Value | None:
    """All axes but N merged; of maps in PyTorch's order, or of maps of one pixel."""
    sides = {side for side, axis in zip(before, value.axes, strict=True) if axis in "HW"}
    is_in_order = value.axes == "NCHW" or (sides == {1} and set("NC") <= set(value.axes))
    if len(call.result) != 2 or call.result[0] != before[0] or not is_in_order:
        return None
    return call.layer("flatten", [value], axes="NC")


def _grouped(value: Value, before: tuple[int, ...], behind: tuple[int, ...]) -> Value | None:
    """Maps with their channels in groups: the first step of a channel shuffle."""
    is_split = len(behind) == 5 and (behind[0], *behind[3:]) == (before[0], *before[2:])
    return replace(value, axes=_GROUPED) if value.axes == "NCHW" and is_split else None


def _shuffled(call: Call, value: Value, before: tuple[int, ...]) -> Value | None:
    """Interleaved groups as maps again: the last step of a channel shuffle."""
    batch, _, groups, *sides = before if len(before) == 5 else (0,) * 5
    behind = call.result
    is_merged = len(behind) == 4 and (behind[0], *behind[2:]) == (batch, *sides)
    if value.axes == _GROUPED and is_merged:
        return replace(value, axes="NCHW")
    if value.axes != _INTERLEAVED or not is_merged:
        return None
    return call.layer("channel_shuffle", [value], {"groups": groups}, axes="NCHW")
