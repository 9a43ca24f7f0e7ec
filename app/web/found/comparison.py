"""The original and a variant side by side, layer by layer: what changed, and where counts went."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from solver.network.architecture import Architecture
from solver.network.counting import describe
from solver.network.layers import Layer

_UNSHOWN = {"name", "type", "inputs"}


class Part(NamedTuple):
    """A layer of one network: its fields, its output's shape, and what it costs."""

    fields: Mapping[str, Any]
    output: Sequence[int]
    params: int
    flops: int

    @property
    def shape(self) -> str:
        """The output's shape, as ``16×3×3``."""
        return "×".join(f"{side:,}" for side in self.output)


class Line(NamedTuple):
    """A layer in both networks.

    Attributes
    ----------
    original
        ``None`` where the variant has a layer more.
    changes
        The fields that differ, as ``kernel_size 3 → 6``.
    params, flops
        The variant's minus the original's.
    """

    name: str
    type: str
    original: Part | None
    variant: Part
    changes: Sequence[str]
    params: int
    flops: int

    @property
    def is_changed(self) -> bool:
        """Whether anything that is shown differs."""
        return self.original is None or bool(self.changes or self.params or self.flops)


@dataclass(frozen=True)
class Comparison:
    """All layers of both networks.

    Attributes
    ----------
    most_params, most_flops
        The largest change of a layer, which bars are measured against; at least 1.
    """

    lines: Sequence[Line]
    most_params: int
    most_flops: int


def compared(original: Architecture, variant: Architecture, *, count_pooling: bool) -> Comparison:
    """The layers in the variant's order; it has all of the original's, and perhaps a pool more."""
    before = dict(_parts(original, count_pooling=count_pooling))
    lines = [
        _line(name, type_, before.get((name, type_)), part)
        for (name, type_), part in _parts(variant, count_pooling=count_pooling)
    ]
    return Comparison(
        lines,
        max([1, *(abs(line.params) for line in lines)]),
        max([1, *(abs(line.flops) for line in lines)]),
    )


def _parts(of: Architecture, *, count_pooling: bool) -> Iterator[tuple[tuple[str, str], Part]]:
    for layer, report in zip(of.layers, describe(of), strict=True):
        flops = report.flops if count_pooling or not layer.is_pool else 0
        part = Part(_fields(layer), report.output, report.params, flops)
        yield (report.name, report.type), part


def _fields(layer: Layer) -> Mapping[str, Any]:
    return layer.model_dump(mode="json", exclude=_UNSHOWN)


def _line(name: str, type_: str, original: Part | None, variant: Part) -> Line:
    params = variant.params - (original.params if original else 0)
    flops = variant.flops - (original.flops if original else 0)
    changes = [*_changes(original, variant)]
    return Line(name, type_, original, variant, changes, params, flops)


def _changes(original: Part | None, variant: Part) -> Iterator[str]:
    """Yield the fields that differ; of a new layer, those that it has."""
    for name, value in variant.fields.items():
        if original is None:
            if value is not None:
                yield f"{name} {_written(value)}"
        elif (old := original.fields.get(name)) != value:
            yield f"{name} {_written(old)} → {_written(value)}"


def _written(value: Any) -> str:
    if isinstance(value, list):
        return "×".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
