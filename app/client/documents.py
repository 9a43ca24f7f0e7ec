"""Turns what users hand to the client into the documents that the service reads."""

import json
import re
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Final, Literal, TypedDict, cast

from pydantic import BaseModel

from app.client.calls import Query
from app.client.data import ArchitectureData, JobData, SearchData, VariantData
from app.schemas.architectures import ArchitectureView
from app.schemas.requests import (
    HalvingSelection,
    NamedSelection,
    RandomSelection,
    WholeSelection,
)
from app.schemas.variants import VariantView
from solver.network.architecture import Architecture
from solver.problem import ApproachName, Budget, Scope

Document = Mapping[str, Any]
AnyArchitecture = (
    Architecture
    | Document
    | str
    | PathLike[str]
    | ArchitectureData
    | ArchitectureView
    | VariantData
    | VariantView
)
"""An architecture, its document, the path of its JSON file, its id, or what has one."""
AnySearch = str | SearchData
"""A search, or its id."""
Variants = (
    int
    | Literal["all"]
    | Sequence[str | VariantData | VariantView]
    | RandomSelection
    | HalvingSelection
    | WholeSelection
    | NamedSelection
    | Document
)
"""How many variants (drawn at random), all of them, these, or a selection as the service reads it.
"""


class VariantFilters(TypedDict, total=False):
    """What to show of all stored variants; ranges are inclusive."""

    approach: ApproachName
    budget: Budget
    scope: Scope
    search_id: str
    dataset: str
    min_resolution: int
    max_resolution: int
    min_params: int
    max_params: int
    min_flops: int
    max_flops: int
    min_coverage: float
    max_coverage: float
    min_accuracy: float
    max_accuracy: float
    sort: str


ARCHITECTURE_ID: Final = re.compile(r"[0-9a-f]{32}")


def given(**fields: Any) -> dict[str, Any]:
    """The fields that are not ``None``: the service fills in the others."""
    return {name: value for name, value in fields.items() if value is not None}


def architecture_of(what: AnyArchitecture) -> dict[str, Any]:
    """The part of a search request that says which architecture is meant.

    Raises
    ------
    OSError, ValueError
        The file cannot be read, or is not JSON.
    TypeError
        This is no architecture.
    """
    match what:
        case str() if ARCHITECTURE_ID.fullmatch(what):
            return {"architecture_id": what}
        case str() | PathLike():
            return {"architecture": json.loads(Path(what).read_text(encoding="utf-8"))}
        case ArchitectureData() | ArchitectureView():
            return {"architecture_id": what.id}
        case VariantData() | VariantView():
            return {"architecture": what.architecture}
        case Architecture() | Mapping():
            return {"architecture": what}
        case _:
            raise TypeError(
                "an architecture is an Architecture, a mapping, the path of a JSON file, or an id; "
                f"not {type(what).__name__}"
            )


def whole_request(request: BaseModel | Document | str | PathLike[str]) -> Any:
    """A whole request; text is the path of a JSON file.

    Raises
    ------
    OSError, ValueError
        The file cannot be read, or is not JSON.
    """
    if isinstance(request, str | PathLike):
        return json.loads(Path(request).read_text(encoding="utf-8"))
    return request


def network_of(what: AnyArchitecture) -> Any:
    """An architecture itself, where its id would not do.

    Raises
    ------
    OSError, ValueError
        The file cannot be read, or is not JSON.
    TypeError
        This is no architecture, or an id.
    """
    if isinstance(what, ArchitectureData | ArchitectureView):
        return what.architecture
    part = architecture_of(what)
    if "architecture" not in part:
        raise TypeError("a study takes the architecture itself: client.architecture(id) has it")
    return part["architecture"]


def selection_of(variants: Variants) -> Any:
    """The selection of a job request."""
    match variants:
        case int():
            return {"select": "random", "count": variants}
        case "all":
            return {"select": "all"}
        case RandomSelection() | HalvingSelection() | WholeSelection() | NamedSelection():
            return variants
        case Mapping():
            return variants
        case str():
            raise TypeError('variants are a number, "all", a list of ids, or a selection')
        case _:
            return {"ids": [id_of(variant) for variant in variants]}


def query_of(filters: VariantFilters) -> Query:
    """The query of a list of variants."""
    return cast(Query, filters)


def id_of(what: str | SearchData | JobData | VariantData | VariantView) -> str:
    """The id of something."""
    return what if isinstance(what, str) else what.id
