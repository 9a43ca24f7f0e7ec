"""What the tensors of a traced module stand for.

Axes are letters: N for the images of a batch, C channels, H height, W width, and g for groups of
channels that a channel shuffle is about to interleave.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from trainer.importing.refusal import NotImportableError

IMAGE: Final = -1
"""The place that stands for the image."""


@dataclass(frozen=True)
class Value:
    """The output of a layer, or the image, with its axes in the order that the module gave them.

    Attributes
    ----------
    place
        Place of the draft that makes it; :data:`IMAGE` for the image.
    """

    place: int
    axes: str


@dataclass(frozen=True)
class Parameter:
    """A parameter or buffer of the module, under its name in the module's state."""

    name: str
    is_learned: bool


@dataclass(frozen=True)
class Parts:
    """Equal parts of a value's channels."""

    whole: Value
    number: int


Traced: TypeAlias = Value | Parameter | Parts | NotImportableError
"""What a traced tensor stands for.

A refusal stands for what an unknown operation makes: it is raised only if something reads it.
"""


@dataclass(frozen=True)
class Draft:
    """A layer before it has a name.

    Attributes
    ----------
    read
        The values that it reads, by their places.
    owner
        Qualified name of the module that it comes from; empty for the outermost.
    line
        Where it stands in the module's source, in words.
    weights
        Names in the module's state of what it learned, by their names in our module.
    """

    type: str
    fields: Mapping[str, Any]
    read: Sequence[int]
    owner: str
    line: str
    weights: Mapping[str, str]
