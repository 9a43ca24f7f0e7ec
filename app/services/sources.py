"""``model.py``: what is stored as PyTorch source."""

import re
from typing import NamedTuple

from app.db import architectures, variants
from app.db.engine import Database
from app.db.identity import split_id
from app.services.variants import deriver
from solver.problem import Problem
from solver.source import source


class SourceFile(NamedTuple):
    """A Python file: what it may be saved as, and its text."""

    name: str
    text: str


def of_architecture(database: Database, id_: str) -> SourceFile:
    """The source of a stored architecture.

    Raises
    ------
    app.db.errors.NotFoundError
        There is none with this id.
    """
    with database.read() as session:
        architecture = architectures.get(session, id_)
    origin = f"Architecture {architecture.id} of Isobudget."
    return SourceFile(
        f"{stem('architecture', architecture.name, id_)}.py", source(architecture, origin)
    )


def of_variant(database: Database, id_: str) -> SourceFile:
    """The source of a stored variant.

    Raises
    ------
    app.db.errors.NotFoundError
        There is none with this id.
    """
    with database.read() as session:
        row = variants.get(session, *split_id(id_))
        found = deriver(database, session, row.search_id)
        view = found.view(row)
    problem = found.problem
    text = source(view.architecture, _origin(problem, id_), count_pooling=problem.count_pooling)
    return SourceFile(f"{stem('variant', view.architecture.name, id_)}.py", text)


def _origin(problem: Problem, id_: str) -> str:
    """Where a variant comes from, in a sentence."""
    original = problem.architecture
    name = original.name or f"architecture {original.id}"
    return (
        f"Variant {id_} of Isobudget: a variant of {name} at {original.resolution} px, found by "
        f"approach {problem.approach} for the budget '{problem.budget}'."
    )


def stem(kind: str, name: str | None, id_: str) -> str:
    """A file's name that Python can import: the network's name or kind, and what is its own."""
    words = re.findall(r"[a-z0-9]+", (name or "").lower()[:60])
    if not words or words[0][0].isdigit():
        words.insert(0, kind)
    whole, *position = id_.split("-")
    return "_".join([*words, whole[:8], *position])
