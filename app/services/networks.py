"""Networks as pages show them: an architecture or a variant, with what is known about it."""

import json
import statistics
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.db import accuracies, architectures, searches, variants
from app.db.engine import Database, Session
from app.db.identity import split_id
from app.schemas.architectures import ArchitectureView
from app.schemas.variants import VariantView
from app.services.sources import stem
from app.services.variants import deriver
from solver.network.architecture import Architecture
from solver.network.counting import Counts
from solver.problem import Question


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


class Origin(NamedTuple):
    """What a variant comes from: a search's id and question, and the network it starts from."""

    search_id: str
    question: Question
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
        """What a person calls it: a variant by its number and its original's name."""
        own = self.view.architecture
        if self.origin is None:
            return _named(own, self.id)
        original = self.origin.original
        return f"Variant {self.id.rpartition('-')[2]} of {_named(original, original.id)}"

    @property
    def counts(self) -> Counts:
        """What it costs: a variant's counts are its search's, which may leave pooling out."""
        return self.variant.counts if self.variant else self.view.counts

    @property
    def stem(self) -> str:
        """What files of it are called, without what their names end with."""
        kind = "variant" if self.variant else "architecture"
        return stem(kind, self.view.architecture.name, self.id)


def _named(architecture: Architecture, id_: str) -> str:
    return architecture.name or f"unnamed {id_[:8]}"


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
    question = searches.get(session, row.search_id).request.question
    origin = Origin(row.search_id, question, found.problem.architecture)
    return Network(id_, ArchitectureView.of(view.architecture), view, origin)


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
