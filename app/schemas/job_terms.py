"""The document in a job's ``request``: all that was asked, and notes for the user."""

from typing import Any, Final

from pydantic import Field

from app.experiments.halving import Halving
from app.experiments.recipes import Recipe
from app.schemas.requests import HalvingSelection, Inputs, Selection
from solver.network.schema import ANSWERED, Schema
from solver.parts import InParts

_LATER: Final = ("momentum", "nesterov")


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

        Fields of recipes that were added later are left out where they have no value, so that ids
        do not change.
        """
        content = self.model_dump(mode="json")
        recipe = content["recipe"]
        is_new = [name for name in _LATER if recipe[name] is None]
        return {**content, "recipe": {name: recipe[name] for name in recipe if name not in is_new}}
