"""Layers that keep the shape of their input: norms, activations, scale and dropout."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import Field

from solver.network.layers.base import Elementwise, Number, Shape, Weighted
from solver.network.schema import Fault, Flag, Probability, later


class Norm(Elementwise, Weighted):
    """A norm; if it is ``affine``, it learns two numbers for each channel.

    ``eps`` is added to the variance before its root is taken.
    """

    affine: Flag = later(True)
    eps: Annotated[float, Field(gt=0.0, le=1.0, allow_inf_nan=False, strict=True)] = later(1e-5)

    kind = "norm"

    def params(self, inputs: Sequence[Shape]) -> Number:
        """A factor and an offset for each channel."""
        return inputs[0][0] * 2 if self.affine else 0

    def faults(self) -> Iterator[Fault]:
        """A norm can share its parameters only if it has some."""
        if self.shares is not None and not self.affine:
            yield ("shares",), f"a {self.type} that is not affine has nothing to share"


class BatchNorm2d(Norm):
    """As ``torch.nn.BatchNorm2d``."""

    type: Literal["batch_norm2d"] = "batch_norm2d"

    takes = "maps"


class BatchNorm1d(Norm):
    """As ``torch.nn.BatchNorm1d``, for vectors."""

    type: Literal["batch_norm1d"] = "batch_norm1d"

    takes = "a vector"


class LayerNorm(Norm):
    """Over the channels of each position, as in ConvNeXt: ``torch.nn.LayerNorm(channels)``."""

    type: Literal["layer_norm"] = "layer_norm"


class Scale(Weighted):
    """A learned factor for each channel: ConvNeXt's layer scale."""

    type: Literal["scale"] = "scale"

    def params(self, inputs: Sequence[Shape]) -> Number:
        """One for each channel."""
        return inputs[0][0]


class Activation(Elementwise):
    """An activation; it learns nothing and counts as free."""


class ReLU(Activation):
    """As ``torch.nn.ReLU``."""

    type: Literal["relu"] = "relu"


class ReLU6(Activation):
    """As ``torch.nn.ReLU6``."""

    type: Literal["relu6"] = "relu6"


class LeakyReLU(Activation):
    """As ``torch.nn.LeakyReLU``."""

    type: Literal["leaky_relu"] = "leaky_relu"
    negative_slope: Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False, strict=True)] = 0.01


class ELU(Activation):
    """As ``torch.nn.ELU``."""

    type: Literal["elu"] = "elu"
    alpha: Annotated[float, Field(gt=0.0, le=100.0, allow_inf_nan=False, strict=True)] = 1.0


class SiLU(Activation):
    """As ``torch.nn.SiLU``."""

    type: Literal["silu"] = "silu"


class GELU(Activation):
    """As ``torch.nn.GELU``."""

    type: Literal["gelu"] = "gelu"


class Hardswish(Activation):
    """As ``torch.nn.Hardswish``."""

    type: Literal["hardswish"] = "hardswish"


class Hardsigmoid(Activation):
    """As ``torch.nn.Hardsigmoid``."""

    type: Literal["hardsigmoid"] = "hardsigmoid"


class Sigmoid(Activation):
    """As ``torch.nn.Sigmoid``."""

    type: Literal["sigmoid"] = "sigmoid"


class Tanh(Activation):
    """As ``torch.nn.Tanh``."""

    type: Literal["tanh"] = "tanh"


class Softmax(Activation):
    """Over the channels: ``torch.nn.Softmax(dim=1)``."""

    type: Literal["softmax"] = "softmax"


class LogSoftmax(Activation):
    """Over the channels: ``torch.nn.LogSoftmax(dim=1)``."""

    type: Literal["log_softmax"] = "log_softmax"


class Identity(Elementwise):
    """As ``torch.nn.Identity``."""

    type: Literal["identity"] = "identity"


class Dropout(Elementwise):
    """As ``torch.nn.Dropout``: ``p`` is the probability that an element is zeroed."""

    type: Literal["dropout"] = "dropout"
    p: Probability = 0.5


class Dropout2d(Elementwise):
    """As ``torch.nn.Dropout2d``: ``p`` is the probability that a whole map is zeroed."""

    type: Literal["dropout2d"] = "dropout2d"
    p: Probability = 0.5

    kind = "dropout"
    takes = "maps"
