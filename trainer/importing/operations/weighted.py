"""Operations with learned weights."""

from trainer.importing.call import Call
from trainer.importing.rules import operation
from trainer.importing.values import Value


@operation("conv2d")
def convolution(call: Call) -> Value:
    """A convolution; its sizes are those of its weight."""
    out, _, *kernel = call.shape(call["weight"])
    fields = {
        "out_channels": out,
        "kernel_size": kernel,
        "stride": list(call["stride"]),
        "padding": _padding(call),
        "dilation": list(call["dilation"]),
        "groups": call["groups"],
        "bias": call["bias"] is not None,
    }
    weights = call.parameters(weight=call["weight"], bias=call["bias"])
    return call.layer("conv2d", [call.maps(call["input"])], fields, weights)


def _padding(call: Call) -> list[int] | str | int:
    """Padding as an architecture has it: PyTorch also calls no padding ``"valid"``."""
    padding = call["padding"]
    if isinstance(padding, str):
        return 0 if padding == "valid" else padding
    return list(padding)


@operation("linear")
def linear(call: Call) -> Value:
    """A linear layer; of channels-last maps, a convolution of one pixel."""
    value = call.value(call["input"])
    if value.axes not in ("NC", "NHWC"):
        call.refuse(
            f"reads a tensor with axes {', '.join(value.axes)}; it needs N, C or N, H, W, C"
        )
    weights = call.parameters(weight=call["weight"], bias=call["bias"])
    out, _ = call.shape(call["weight"])
    bias = call["bias"] is not None
    if value.axes == "NC":
        return call.layer("linear", [value], {"out_features": out, "bias": bias}, weights)
    fields = {"out_channels": out, "kernel_size": 1, "bias": bias}
    return call.layer("conv2d", [value], fields, weights)


@operation("batch_norm")
def batch_norm(call: Call) -> Value:
    """A batch norm with running statistics."""
    if call["training"] or call["running_mean"] is None:
        call.refuse("uses the statistics of the batch; only running statistics can be imported")
    value = call.value(call["input"])
    if value.axes not in ("NC", "NCHW"):
        call.refuse(f"reads a tensor with axes {', '.join(value.axes)}")
    weights = call.parameters(
        weight=call["weight"],
        bias=call["bias"],
        running_mean=call["running_mean"],
        running_var=call["running_var"],
    )
    kind = "batch_norm1d" if value.axes == "NC" else "batch_norm2d"
    return call.layer(kind, [value], _norm(call), weights)


@operation("layer_norm")
def layer_norm(call: Call) -> Value:
    """A layer norm over channels."""
    value = call.value(call["input"])
    if len(call["normalized_shape"]) != 1 or value.axes[-1] != "C":
        call.refuse(f"normalises over more than channels: {list(call['normalized_shape'])}")
    weights = call.parameters(weight=call["weight"], bias=call["bias"])
    return call.layer("layer_norm", [value], _norm(call), weights)


def _norm(call: Call) -> dict[str, float | bool]:
    """Fields of a norm; it has both weight and bias, or neither."""
    if (call["weight"] is None) != (call["bias"] is None):
        call.refuse("has a weight and no bias, or a bias and no weight")
    return {"affine": call["weight"] is not None, "eps": call["eps"]}
