"""A network while it is written: its layers, what they cost as far as is known, and the faults."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from app import json_reader
from app.web.searching.cells import Cell, cells, edited
from app.web.searching.documents import network_in
from solver.network import validation
from solver.network.architecture import Architecture, Input, named
from solver.network.counting import Counts, LayerReport, count, describe, receptive_field
from solver.network.schema import Fault, Place
from solver.network.sentences import place_in, sentence

MOST_ROWS: Final = 400
"""Layers that are listed to be edited; of a longer network the others are edited as text."""


@dataclass(frozen=True)
class Row:
    """A layer in the table.

    Attributes
    ----------
    name, kind
        Its name and its type as they were typed.
    report
        What it costs; ``None`` behind the first layer that is refused.
    faults
        What is wrong with it: the field, empty for the layer as a whole, and the reason.
    """

    place: int
    name: str
    kind: str
    cells: Sequence[Cell]
    report: LayerReport | None
    faults: Sequence[tuple[str, str]]

    @property
    def refused(self) -> frozenset[str]:
        """The fields that something is wrong with."""
        return frozenset(field for field, _ in self.faults)


@dataclass(frozen=True)
class Draft:
    """A network as it was typed.

    Attributes
    ----------
    document
        The text, parsed; ``None`` if it is no JSON.
    architecture, counts, receptive_field
        Known if nothing is wrong.
    faults
        What is wrong and has no row: places in the architecture, and reasons.
    """

    document: Any
    rows: Sequence[Row]
    faults: Sequence[Fault]
    architecture: Architecture | None = None
    counts: Counts | None = None
    receptive_field: int | None = None

    @property
    def layers(self) -> int:
        """The number of layers, listed or not."""
        return len(_layers(network_in(self.document)))

    @property
    def image(self) -> Mapping[str, Any]:
        """What the document says of the images."""
        network = network_in(self.document)
        image = network.get("input") if isinstance(network, Mapping) else None
        return image if isinstance(image, Mapping) else {}

    @classmethod
    def of(cls, text: str) -> "Draft":
        """Read a text, and count the network in it as far as that can be read.

        An empty text is no fault.
        """
        if not text.strip():
            return cls(None, (), ())
        try:
            document = json_reader.read(text.encode("utf-8", "surrogatepass"))
        except json.JSONDecodeError as broken:
            place = f"line {broken.lineno}, column {broken.colno}"
            return cls(None, (), [((), f"this is not JSON: {broken.msg} at {place}")])
        except json_reader.UnreadableError as broken:
            return cls(None, (), broken.faults)
        network = network_in(document)
        try:
            architecture = Architecture.model_validate(network)
            counts = count(architecture)
        except ValidationError as invalid:
            return cls._refused(document, [_fault(network, it) for it in invalid.errors()])
        except OverflowError as too_large:
            return cls._refused(document, [((), str(too_large))])
        rows = _rows(network, describe(architecture), ())
        seen = receptive_field(architecture)
        return cls(document, rows, (), architecture, counts, seen)

    @classmethod
    def _refused(cls, document: Any, faults: Sequence[Fault]) -> "Draft":
        network = network_in(document)
        rows = _rows(network, _described(network, faults), faults)
        others = [fault for fault in faults if (at := _row(fault[0])) is None or at >= len(rows)]
        return cls(document, rows, others)


def _fault(network: Any, details: Any) -> Fault:
    return place_in(network, details["loc"]), sentence(details)


def _layers(network: Any) -> Sequence[Any]:
    layers = network.get("layers") if isinstance(network, Mapping) else None
    return layers if isinstance(layers, list) else ()


def _row(place: Place) -> int | None:
    """The layer that a place belongs to."""
    match place:
        case ("layers", int() as row, *_):
            return row
        case _:
            return None


def _rows(network: Any, reports: Sequence[LayerReport], faults: Sequence[Fault]) -> Sequence[Row]:
    wrong: dict[int | None, list[tuple[str, str]]] = {}
    for place, reason in faults:
        wrong.setdefault(_row(place), []).append((".".join(map(str, place[2:])), reason))
    return [
        _made(place, layer, reports[place] if place < len(reports) else None, wrong.get(place, ()))
        for place, layer in enumerate(_layers(network)[:MOST_ROWS])
    ]


def _made(
    place: int, layer: Any, report: LayerReport | None, faults: Sequence[tuple[str, str]]
) -> Row:
    given = layer if isinstance(layer, Mapping) else {}
    name, kind = (edited(given.get(it) or "") for it in ("name", "type"))
    return Row(place, name, kind, [*cells(layer)], report, faults)


def _described(network: Any, faults: Sequence[Fault]) -> Sequence[LayerReport]:
    """What the layers before the first fault cost; nothing if the images are refused."""
    first = min((_row(place) or 0 for place, _ in faults), default=0)
    if not first:
        return ()
    layers = named([validation.layer(layer) for layer in network["layers"][:first]])
    image = Input.model_validate(network["input"])
    return describe(Architecture.trusted(name=None, description=None, input=image, layers=layers))
