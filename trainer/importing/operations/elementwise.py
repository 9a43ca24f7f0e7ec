"""Activations, dropout, and what changes nothing."""

from typing import Any

from trainer.importing.call import Call
from trainer.importing.rules import operation
from trainer.importing.values import Parameter, Parts, Value


@operation("relu", "relu6", "silu", "hardswish", "hardsigmoid", "sigmoid", "tanh")
def activation(call: Call) -> Value:
    """An activation without arguments; its layer type has the operation's name."""
    return call.layer(call.name, [call.value(call["self"])])


@operation("gelu")
def gelu(call: Call) -> Value:
    """A GELU as it is defined, not approximated."""
    if call["approximate"] != "none":
        call.refuse(f"is approximated by {call['approximate']}")
    return call.layer("gelu", [call.value(call["self"])])


@operation("leaky_relu")
def leaky_relu(call: Call) -> Value:
    """A leaky ReLU."""
    fields = {"negative_slope": call["negative_slope"]}
    return call.layer("leaky_relu", [call.value(call["self"])], fields)


@operation("elu")
def elu(call: Call) -> Value:
    """An ELU; SELU and CELU, which scale it, are not known."""
    if (call["scale"], call["input_scale"]) != (1, 1):
        call.refuse("is scaled")
    return call.layer("elu", [call.value(call["self"])], {"alpha": call["alpha"]})


@operation("hardtanh")
def hardtanh(call: Call) -> Value:
    """ReLU6, which PyTorch writes as a hardtanh from 0 to 6."""
    return _between(call, call["min_val"], call["max_val"])


@operation("clamp")
def clamp(call: Call) -> Value:
    """ReLU6 or ReLU, written as a clamp."""
    return _between(call, call["min"], call["max"])


def _between(call: Call, least: Any, most: Any) -> Value:
    kinds = {(0, 6): "relu6", (0, None): "relu"}
    if (least, most) not in kinds:
        call.refuse(f"from {least} to {most} is not known; from 0 to 6 it is relu6")
    return call.layer(kinds[least, most], [call.value(call["self"])])


@operation("softmax", "log_softmax")
def softmax(call: Call) -> Value:
    """A softmax, or its logarithm, over channels or features."""
    if call.axis(call["self"], call["dim"]) != "C":
        call.refuse("works over another axis than channels")
    return call.layer(call.name, [call.value(call["self"])])


@operation("dropout", "feature_dropout")
def dropout(call: Call) -> Value:
    """Dropout of elements, or of whole maps; a probability of 0 drops nothing."""
    value = call.value(call["input"])
    if not call["p"]:
        return value
    is_of_maps = call.name == "feature_dropout" and value.axes != "NC"
    return call.layer("dropout2d" if is_of_maps else "dropout", [value], {"p": call["p"]})


@operation("clone", "contiguous", "detach", "alias", "lift_fresh_copy")
def same(call: Call) -> Value | Parameter | Parts:
    """The same values."""
    return call.traced(call["self"])
