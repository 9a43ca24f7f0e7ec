"""Networks as pages show them: an architecture or a variant, with what is known about it."""

import json
import statistics
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from app.db import accuracies, architectures, searches, variants
from app.db.engine import Database, Session
from app.db.identity import split_id
from app.db.models import SearchRow
from app.schemas.architectures import ArchitectureView
from app.schemas.variants import VariantView
from app.services.variants import deriver
from solver.network.architecture import Architecture
from solver.problem import Question

MOST_SEARCHES: Final = 10
"""Searches that are listed of those that start from a network."""


class Training(NamedTuple):
    """How runs are alike that differ only in the seed.

    Attributes
    ----------
    images
        The number of images to train on; ``None``: all.
    recipe
        The recipe's name; ``details`` is the whole of it, as JSON.
    """

    dataset: str
    version: str
    recipe: str
    epochs: int
    images: int | None
    details: str


class Accuracy(NamedTuple):
    """The accuracy on the test split over runs; ``sd`` is ``None`` for one run."""

    mean: float
    sd: float | None
    runs: int


class Asked(NamedTuple):
    """A search: what it asks, and how it stands."""

    id: str
    question: Question
    state: str
    found: int
    created_at: datetime


class Origin(NamedTuple):
    """What a variant comes from."""

    search: Asked
    original: Architecture


@dataclass(frozen=True)
class Network:
    """An architecture or a variant.

    Attributes
    ----------
    view
        All layers with their counts.
    variant, origin
        ``None`` for an architecture.
    """

    id: str
    view: ArchitectureView
    variant: VariantView | None = None
    origin: Origin | None = None

    @property
    def path(self) -> str:
        """The address of its page."""
        return f"/variants/{self.id}" if self.variant else f"/networks/{self.id}"

    @property
    def api_path(self) -> str:
        """Its address in the API."""
        return f"/v1/variants/{self.id}" if self.variant else f"/v1/architectures/{self.id}"

    @property
    def name(self) -> str:
        """What a person calls it: a variant has its original's name, so its resolution is told."""
        own = self.view.architecture
        if self.origin is None:
            return own.name or f"architecture {self.id[:8]}"
        original = self.origin.original
        name = original.name or f"architecture {original.id[:8]}"
        return f"Variant {self.id.rpartition('-')[2]} of {name}"


def architecture(database: Database, id_: str) -> Network:
    """One architecture.

    Raises
    ------
    app.db.errors.NotFoundError
        There is none with this id.
    """
    with database.read() as session:
        return _architecture(session, id_)


def variant(database: Database, id_: str) -> Network:
    """One variant.

    Raises
    ------
    app.db.errors.NotFoundError
        There is none with this id.
    """
    with database.read() as session:
        return _variant(database, session, id_)


def several(database: Database, ids: Sequence[str]) -> list[Network]:
    """Architectures and variants, by their ids.

    Raises
    ------
    app.db.errors.NotFoundError
        There is none with one of the ids.
    """
    with database.read() as session:
        return [
            _variant(database, session, id_) if "-" in id_ else _architecture(session, id_)
            for id_ in ids
        ]


def _architecture(session: Session, id_: str) -> Network:
    return Network(id_, ArchitectureView.of(architectures.get(session, id_)))


def _variant(database: Database, session: Session, id_: str) -> Network:
    row = variants.get(session, *split_id(id_))
    found = deriver(database, session, row.search_id)
    view = found.view(row)
    origin = Origin(_asked(searches.get(session, row.search_id)), found.problem.architecture)
    return Network(id_, ArchitectureView.of(view.architecture), view, origin)


def searches_from(database: Database, id_: str) -> list[Asked]:
    """The newest searches that start from an architecture."""
    with database.read() as session:
        return list(map(_asked, architectures.searches_from(session, id_, MOST_SEARCHES)))


def _asked(row: SearchRow) -> Asked:
    return Asked(row.id, row.request.question, row.state, row.found, row.created_at)


def accuracies_of(
    database: Database, ids: Collection[str]
) -> Mapping[Training, Mapping[str, Accuracy]]:
    """The accuracies of architectures, by their ids, for each way in which some were trained."""
    with database.read() as session:
        runs = accuracies.of_architectures(session, ids)
    values: dict[Training, dict[str, list[float]]] = {}
    for run in runs:
        values.setdefault(_training(run), {}).setdefault(run.architecture_id, []).append(
            run.test_accuracy
        )
    return {
        training: {id_: _accuracy(found) for id_, found in by_id.items()}
        for training, by_id in values.items()
    }


def _training(run: accuracies.Measured) -> Training:
    recipe = run.recipe
    return Training(
        run.dataset,
        run.dataset_version,
        recipe["name"],
        recipe["epochs"],
        run.training_images,
        json.dumps(recipe, sort_keys=True),
    )


def _accuracy(found: Sequence[float]) -> Accuracy:
    sd = statistics.stdev(found) if len(found) > 1 else None
    return Accuracy(statistics.fmean(found), sd, len(found))
