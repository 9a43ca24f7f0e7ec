"""Variants, as users see them."""

from pydantic import ConfigDict, Field

from solver.answers.variants import Variant
from solver.network.schema import Schema


class VariantView(Variant):
    """A stored variant."""

    model_config = ConfigDict(defer_build=False)

    id: str = Field(description="The search's id and the variant's position in it")
    search_id: str


class VariantPage(Schema):
    """Some variants."""

    items: list[VariantView]
    next: str | None
