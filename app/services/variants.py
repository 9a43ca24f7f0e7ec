"""Variants as users see them: what is not stored of them is derived here."""

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final
from weakref import WeakKeyDictionary

from app.db import architectures, searches, variants
from app.db.engine import Database, Session
from app.db.identity import split_id, variant_id
from app.db.models import SearchRow
from app.db.variants import Stored
from app.schemas.variants import VariantView
from app.services.recent import Recent
from solver.answers.variants import Describer
from solver.network.counting import Counts, Delta
from solver.problem import Problem
from solver.variation.template import Assignment

KEPT: Final = 64
"""The number of searches that a process remembers for each database."""
LAYERS_KEPT: Final = 1024
"""The number of written layers that are remembered for each search."""


class Deriver:
    """Derives the variants of one search, as objects or as JSON.

    Writing JSON directly is many times faster: a layer is written once for all variants that have
    the same values in it.

    Attributes
    ----------
    problem
        What the search solves.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.symbols = problem.template.assigned
        self.describer = Describer(problem)
        self.original = self.describer.counts(problem.architecture)
        self._layer = lru_cache(LAYERS_KEPT)(self._written_layer)
        self._head = lru_cache(LAYERS_KEPT)(self._written_head)
        self._changed = [(it, self._places(it)) for it in problem.template.changed]
        self._text = self._with_holes()

    def _with_holes(self) -> str:
        """The JSON of a variant, with a hole for each value in which variants differ."""
        assigned = ",".join(f"{json.dumps(symbol)}:%d" for symbol in self.symbols)
        changed = self.problem.template.changed
        layers = [
            "%s" if place in changed else layer.model_dump_json().replace("%", "%%")
            for place, layer in enumerate(self.problem.template.layers)
        ]
        return (
            f'{{"approach":"{self.problem.approach}","resolution":%d,"assignment":{{{assigned}}},'
            '"counts":{"params":%d,"macs":%d,"flops":%d,"activations":%d},'
            '"delta":{"params":%d,"macs":%d,"flops":%d},"coverage":%r,"receptive_field":%d,'
            f'"architecture":%s{",".join(layers)}]}},"id":"%s-%d","search_id":"%s"}}'
        )

    def _places(self, place: int) -> Callable[[Sequence[int]], Any]:
        """A function that picks the unknowns of a layer out of a row's."""
        own = self._symbols_at(place)
        return itemgetter(*[n for n, symbol in enumerate(self.symbols) if symbol in own])

    def _symbols_at(self, place: int) -> set[str]:
        """The unknowns that the fields of a layer depend on."""
        fields = self.problem.template.fields.items()
        return {symbol for (at, _), field in fields if at == place for symbol in field.symbols}

    def assignment(self, row: Stored) -> Assignment:
        """A row's unknowns, by symbol."""
        return dict(zip(self.symbols, row.unknowns, strict=True))

    def delta(self, row: Stored) -> tuple[int, int, int]:
        """The counts ``params``, ``macs`` and ``flops`` of a row, minus the original's."""
        of = self.original
        return row.params - of.params, row.macs - of.macs, row.flops - of.flops

    def view(self, row: Stored) -> VariantView:
        """Everything about a stored variant."""
        assignment = self.assignment(row)
        params, macs, flops = self.delta(row)
        return VariantView.trusted(
            approach=self.problem.approach,
            resolution=row.resolution,
            assignment=assignment,
            counts=Counts.trusted(
                params=row.params, macs=row.macs, flops=row.flops, activations=row.activations
            ),
            delta=Delta.trusted(params=params, macs=macs, flops=flops),
            coverage=row.coverage,
            receptive_field=row.receptive_field,
            architecture=self.describer.architecture(assignment),
            id=variant_id(row.search_id, row.position),
            search_id=row.search_id,
        )

    def text(self, row: Stored) -> str:
        """The JSON of :meth:`view`."""
        search_id, position, resolution, params, flops, unknowns, macs, activations, *rest = row
        of = self.original
        layers = [self._layer(place, values(unknowns)) for place, values in self._changed]
        return self._text % (
            resolution,
            *unknowns,
            *(params, macs, flops, activations),
            *(params - of.params, macs - of.macs, flops - of.flops),
            *rest,
            *(self._head(resolution), *layers),
            *(search_id, position, search_id),
        )

    def _written_layer(self, place: int, values: int | tuple[int, ...]) -> str:
        """The JSON of a layer with these values of its unknowns."""
        own = [symbol for symbol in self.symbols if symbol in self._symbols_at(place)]
        given = values if isinstance(values, tuple) else (values,)
        assignment = dict(zip(own, given, strict=True))
        return self.problem.template.substituted(assignment)[place].model_dump_json()

    def _written_head(self, resolution: int) -> str:
        """The JSON of an architecture, up to its layers."""
        named = self.describer.named((), resolution).model_dump_json()
        assert named.endswith('"layers":[]}'), "the layers come last"
        return named.removesuffix("]}")


def problem_of(session: Session, search: SearchRow) -> Problem:
    """The problem that a search solves."""
    original = architectures.get(session, search.architecture_id)
    return Problem.of(search.request.question, original)


_DERIVERS: Final[WeakKeyDictionary[Database, Recent[Deriver]]] = WeakKeyDictionary()


def deriver(database: Database, session: Session, search_id: str) -> Deriver:
    """The deriver of a search, from memory if the search was looked at lately.

    A search made again after it was deleted asks for the same, since its id is the hash of that.
    """
    known = _DERIVERS.setdefault(database, Recent(KEPT))
    if (found := known.find(search_id)) is not None:
        return found
    problem = problem_of(session, searches.get(session, search_id))
    return known.get(search_id, lambda: Deriver(problem))


def at(
    database: Database, session: Session, search_id: str, positions: Sequence[int]
) -> list[VariantView]:
    """The variants of a search at these positions, in this order."""
    found = variants.at(session, search_id, positions)
    return [*map(deriver(database, session, search_id).view, found)]


def get(database: Database, id_: str) -> VariantView:
    """One variant.

    Raises
    ------
    app.db.errors.NotFoundError
        There is none with this id.
    """
    with database.look() as session:
        row = variants.get(session, *split_id(id_))
        return deriver(database, session, row.search_id).view(row)


def text(database: Database, id_: str) -> str:
    """The JSON of :func:`get`, which raises the same."""
    with database.look() as session:
        row = variants.get(session, *split_id(id_))
        return deriver(database, session, row.search_id).text(row)
