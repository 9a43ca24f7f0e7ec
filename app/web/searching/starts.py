"""What a new search starts from: an example, a stored network, an earlier search, or a text."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from app.db.engine import Database
from app.db.errors import NotFoundError
from app.schemas.search_terms import SearchTerms
from app.services import architectures, searches, variants
from app.shipped import example
from app.web.forms import Form
from app.web.searching import values
from app.web.searching.documents import (
    document_of,
    examples,
    is_request,
    network_in,
    terms_in,
    written,
)
from app.web.searching.draft import Draft
from solver.network.architecture import Architecture


@dataclass(frozen=True)
class Start:
    """A network as text, and what is asked about it."""

    text: str
    values: values.Values

    @property
    def form(self) -> Form:
        """The same as a form that was sent."""
        return Form(
            {name: [text] for name, text in {**self.values, "architecture": self.text}.items()}
        )


def of_nothing() -> Start:
    """An empty form."""
    return Start("", values.new(None))


def of_example(name: str) -> Start:
    """A shipped example.

    Raises
    ------
    NotFoundError
        There is none with this name.
    """
    if name not in (it.name for it in examples()):
        raise NotFoundError("there is no such example")
    return _of_document(example(name))


def of_architecture(database: Database, id_: str) -> Start:
    """A stored network.

    Raises
    ------
    NotFoundError
        There is none with this id.
    """
    return _of_network(architectures.get(database, id_).architecture)


def of_variant(database: Database, id_: str) -> Start:
    """A variant that a search found.

    Raises
    ------
    NotFoundError
        There is none with this id.
    """
    return _of_network(variants.get(database, id_).architecture)


def of_search(database: Database, id_: str) -> Start:
    """The network of a search, and what was asked about it.

    Raises
    ------
    NotFoundError
        There is none with this id.
    """
    asked = searches.get(database, id_).request
    architecture = architectures.get(database, asked.architecture_id).architecture
    terms = SearchTerms.model_validate(terms_in(asked.model_dump(mode="json")))
    return Start(
        written(document_of(architecture)), values.of_terms(terms, architecture.resolution)
    )


def opened(form: Form) -> Form:
    """A form in whose text a whole search request was pasted asks what the request asks.

    Requests with faults in what they ask stay as they are.
    """
    text = form.text("architecture")
    if '"architecture"' not in text:  # most texts are a network: it is not counted twice
        return form
    draft = Draft.of(text)
    if not is_request(draft.document) or draft.architecture is None:
        return form
    try:
        return _of_document(draft.document).form
    except ValidationError:
        return form


def _of_network(architecture: Architecture) -> Start:
    return Start(written(document_of(architecture)), values.new(architecture))


def _of_document(document: Any) -> Start:
    network = network_in(document)
    text = written(network)
    original = Draft.of(text).architecture
    if original is None or not is_request(document):
        return Start(text, values.new(original))
    return Start(
        text, values.of_terms(SearchTerms.model_validate(terms_in(document)), original.resolution)
    )
