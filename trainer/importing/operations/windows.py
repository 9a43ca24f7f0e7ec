"""Pools and padding."""

from typing import Any

from trainer.importing.call import Call
from trainer.importing.rules import operation
from trainer.importing.values import Value


@operation("max_pool2d")
def max_pool(call: Call) -> Value:
    """A max pool."""
    fields = {**_pool(call), "dilation": _sizes(call["dilation"])}
    return call.layer("max_pool2d", [call.maps(call["self"])], fields)


@operation("avg_pool2d")
def average_pool(call: Call) -> Value:
    """An average pool; whether padding counts matters only if there is some."""
    if call["divisor_override"] is not None:
        call.refuse("has a divisor_override")
    fields = _pool(call)
    if set(call["padding"]) != {0}:
        fields["count_include_pad"] = call["count_include_pad"]
    return call.layer("avg_pool2d", [call.maps(call["self"])], fields)


def _pool(call: Call) -> dict[str, Any]:
    fields = {"kernel_size": _sizes(call["kernel_size"]), "padding": _sizes(call["padding"])}
    if call["stride"]:
        fields["stride"] = _sizes(call["stride"])
    return {**fields, "ceil_mode": bool(call["ceil_mode"])}


def _sizes(sizes: Any) -> Any:
    """A size as an architecture has it: PyTorch also writes a list of one number."""
    numbers = list(sizes) if isinstance(sizes, list | tuple) else [sizes]
    return numbers[0] if len(numbers) == 1 else numbers


@operation("adaptive_avg_pool2d")
def adaptive_pool(call: Call) -> Value:
    """An average pool whose windows follow from the size of its output."""
    fields = {"output_size": _sizes(call["output_size"])}
    return call.layer("adaptive_avg_pool2d", [call.maps(call["self"])], fields)


@operation("mean")
def mean(call: Call) -> Value:
    """The mean of each map, as maps of one pixel or as a vector."""
    value = call.value(call["self"])
    dims = call.arguments.get("dim")
    if dims is None or {value.axes[dim] for dim in dims} != {"H", "W"}:
        call.refuse("takes a mean over other axes than height and width")
    pooled = call.layer("global_avg_pool2d", [value])
    return pooled if call["keepdim"] else call.layer("flatten", [pooled], axes="NC")


@operation("pad")
def pad(call: Call) -> Value:
    """Padding with zeros."""
    borders = list(call["pad"])
    if call["mode"] != "constant" or call["value"]:
        call.refuse("pads with something other than zeros")
    if len(borders) != 4 or min(borders) < 0:
        call.refuse(f"pads by {borders}; it needs borders of height and width, 0 or more")
    value = call.maps(call["self"])
    if not any(borders):
        return value
    same = len(set(borders)) == 1
    return call.layer("zero_pad2d", [value], {"padding": borders[0] if same else borders})
