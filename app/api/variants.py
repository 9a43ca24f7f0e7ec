"""``/v1/variants``."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import Field

from app.api import examples
from app.api.dependencies import ID_PATTERN, Cursor, TheDatabase
from app.api.routes import Router
from app.db.variants import VariantFilter
from app.schemas.variants import VariantPage, VariantView
from app.services import variant_pages, variants
from solver.network.schema import Schema
from solver.problem import ApproachName, Budget, Scope

router = Router(prefix="/v1/variants", tags=["variants"])

Count = Annotated[int | None, Field(ge=0, lt=2**63)]


class Browse(Schema):
    """What to show of all stored variants."""

    approach: ApproachName | None = None
    budget: Budget | None = None
    scope: Scope | None = None
    search_id: str | None = Field(default=None, max_length=64)
    min_resolution: Count = Field(default=None, examples=[7])
    max_resolution: Count = None
    min_params: Count = None
    max_params: Count = None
    min_flops: Count = None
    max_flops: Count = None
    sort: str | None = Field(
        default=None,
        max_length=200,
        examples=["-resolution"],
        description="Any of `resolution, params, flops`, `-` for descending",
    )
    limit: int = Field(default=50, ge=1, le=200)
    cursor: Cursor = None


@router.get("")
def list_variants(wanted: Annotated[Browse, Query()], database: TheDatabase) -> VariantPage:
    """All variants that were ever found, filtered."""
    chosen = VariantFilter(**wanted.model_dump(include=set(VariantFilter._fields)))
    return variant_pages.of_all(database, chosen, wanted.sort, wanted.cursor, wanted.limit)


@router.get("/{id}")
def get_variant(
    id: Annotated[  # noqa: A002
        str, Path(pattern=ID_PATTERN, max_length=64, examples=[examples.VARIANT_ID])
    ],
    database: TheDatabase,
) -> VariantView:
    """One variant; its architecture is complete, and can be posted as it is."""
    return variants.get(database, id)
