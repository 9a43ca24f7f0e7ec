"""Several networks side by side: what they cost, and their layers, aligned by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

from app.errors import Fault, RefusedError
from app.services.networks import Accuracy, Network, Training
from app.web.networks import kinds
from app.web.networks.boxes import names_of
from solver.network.counting import LayerReport
from solver.network.layers import Layer
from solver.network.schema import Schema

MOST: Final = 5
"""Networks that can be compared at once."""
_COUNTS: Final = {
    "params": "Parameters",
    "macs": "Multiply-adds",
    "flops": "FLOPs",
    "activations": "Elements alive at once",
}


class Compared(Schema):
    """The networks to compare: ids of architectures and variants.

    Each ``ids`` may hold several, with commas between them.
    """

    ids: list[Annotated[str, Field(max_length=500)]] = Field(default=[], max_length=100)
    only: str = Field(default="", pattern="^(changed)?$", max_length=10)


def chosen(wanted: Compared) -> list[str]:
    """The ids of the networks to compare, each once.

    Raises
    ------
    RefusedError
        There are too many.
    """
    given = (it.strip() for ids in wanted.ids for it in ids.split(","))
    ids = list(dict.fromkeys(filter(None, given)))
    if len(ids) > MOST:
        raise RefusedError(Fault("#/ids", f"at most {MOST} networks are compared, not {len(ids)}"))
    return ids


@dataclass(frozen=True)
class Figure:
    """A count of a network, and by how much it differs from the first network's."""

    value: int
    delta: int | None
    share: float | None


@dataclass(frozen=True)
class Cell:
    """A layer of one network.

    Attributes
    ----------
    params, flops
        Those of the first network's layer of this name subtracted, as far as there is one.
    is_changed
        Whether it is set otherwise than that layer, or is new.
    """

    type: str
    settings: str
    report: LayerReport
    params: int
    flops: int
    is_changed: bool

    @property
    def output(self) -> str:
        """The shape of its output."""
        return kinds.shape(self.report.output)


@dataclass(frozen=True)
class LayerLine:
    """The layers of one name; ``None`` where a network has none."""

    name: str
    cells: Sequence[Cell | None]

    @property
    def is_changed(self) -> bool:
        """Whether the networks differ in it."""
        return any(cell is None or cell.is_changed for cell in self.cells)


@dataclass(frozen=True)
class Comparison:
    """Networks side by side; the first is what the others are compared with.

    Attributes
    ----------
    counts
        The networks' counts, by what is counted.
    trained
        The networks' accuracies, by how they were trained.
    """

    networks: Sequence[Network]
    counts: Mapping[str, Sequence[Figure]]
    trained: Mapping[Training, Sequence[Accuracy | None]]
    lines: Sequence[LayerLine]


def comparison(
    networks: Sequence[Network], trained: Mapping[Training, Mapping[str, Accuracy]]
) -> Comparison:
    """Put networks side by side; there is at least one."""
    return Comparison(
        networks,
        {title: _figures(networks, name) for name, title in _COUNTS.items()},
        {
            training: [found.get(network.view.id) for network in networks]
            for training, found in trained.items()
        },
        layer_lines(networks),
    )


def _figures(networks: Sequence[Network], name: str) -> list[Figure]:
    first, *others = (int(getattr(network.counts, name)) for network in networks)
    return [
        Figure(first, None, None),
        *(Figure(it, it - first, (it - first) / first if first else None) for it in others),
    ]


def layer_lines(networks: Sequence[Network]) -> list[LayerLine]:
    """The layers of some networks, aligned by name."""
    names = [names_of(network.view.architecture) for network in networks]
    layers = [
        dict(zip(its, zip(of.view.architecture.layers, of.view.layers, strict=True), strict=True))
        for its, of in zip(names, networks, strict=True)
    ]
    return [_line(name, [its.get(name) for its in layers]) for name in merged(names)]


def _line(name: str, found: Sequence[tuple[Layer, LayerReport] | None]) -> LayerLine:
    return LayerLine(name, [it and _cell(it, found[0]) for it in found])


def _cell(own: tuple[Layer, LayerReport], first: tuple[Layer, LayerReport] | None) -> Cell:
    layer, report = own
    return Cell(
        layer.type,
        kinds.settings_of(layer),
        report,
        report.params - (first[1].params if first else 0),
        report.flops - (first[1].flops if first else 0),
        first is None or _set(layer) != _set(first[0]),
    )


def _set(layer: Layer) -> tuple[str, object]:
    """What a layer is and how it is set, whoever it reads."""
    return layer.type, layer.model_dump(exclude={"name", "inputs"})


def merged(sequences: Sequence[Sequence[str]]) -> list[str]:
    """All names in an order that keeps the first sequence's.

    A name that it lacks stands behind the one that it follows in its own sequence.
    """
    following: dict[str, str | None] = {}
    first: str | None = None
    for names in sequences:
        before: str | None = None
        for name in names:
            if name not in following:
                following[name] = first if before is None else following[before]
                if before is None:
                    first = name
                else:
                    following[before] = name
            before = name
    found = []
    while first is not None:
        found.append(first)
        first = following[first]
    return found
