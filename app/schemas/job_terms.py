"""The document in a job's ``request``: all that was asked, and notes for the user."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field

from app.experiments.halving import Halving
from app.experiments.recipes import Recipe
from app.schemas.requests import HalvingSelection, Inputs, Selection
from solver.network.schema import ANSWERED, Schema
from solver.parts import InParts

_LATER: Final[Mapping[str, Mapping[str, Any]]] = {
    "recipe": {"momentum": None, "nesterov": None, "warm_start": False},
    "variants": {"ids": None},
}
"""Fields that were added later, with the values that all earlier requests had, by their part."""


class JobTerms(Schema):
    """What was asked: the request with its defaults filled in.

    The priority is not part of it: two jobs that differ in nothing else ask for the same.
    """

    model_config = ANSWERED

    search_id: str
    dataset: str
    variants: Selection
    seeds: int
    epochs: int = Field(description="Passes over the training images")
    recipe: Recipe
    training_images: int | None = Field(
        default=None, description="Number of images to train on; `null` for all"
    )
    inputs: Inputs = Field(
        default="native",
        description="`upsampled`: variants see images with no more detail than the original's",
    )

    @property
    def halving(self) -> Halving | None:
        """The schedule of successive halving; ``None`` if all variants are trained to the end."""
        chosen = self.variants
        if not isinstance(chosen, HalvingSelection):
            return None
        return Halving(chosen.eta, chosen.min_epochs, self.epochs)


class JobDocument(InParts):
    """A job's terms, and notes on what the service decided where the request left it open."""

    parts = ("terms",)

    terms: JobTerms
    notes: tuple[str, ...] = ()

    @property
    def identity(self) -> dict[str, Any]:
        """The content from which a job's id is made.

        Fields that were added later are left out while they have the value that all earlier
        requests had, so that ids do not change.
        """
        content = self.model_dump(mode="json")
        return content | {part: _as_before(content[part], later) for part, later in _LATER.items()}


def _as_before(part: Mapping[str, Any], later: Mapping[str, Any]) -> dict[str, Any]:
    return {name: it for name, it in part.items() if name not in later or it != later[name]}
