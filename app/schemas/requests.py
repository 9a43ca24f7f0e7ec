"""What users ask for: searches and jobs, as frozen schemas."""

from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from app.experiments.catalogue import DATASETS, FOLDER
from app.experiments.recipes import Recipe, RecipeChanges
from app.schemas.search_terms import SearchTerms
from solver.network.architecture import Architecture
from solver.network.schema import Schema
from solver.network.sentences import told
from solver.network.slips import squeezed

Identifier = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
MOST_RUNS: Final = 10_000
NO_DATASET: Final = (
    f"there is no such data set; known are {', '.join(DATASETS)}, and folder:NAME for your own "
    "images, where GET /v1/datasets lists it"
)


def _known_dataset(name: str) -> str:
    if name not in DATASETS and not FOLDER.fullmatch(name):
        near = [it for it in DATASETS if squeezed(it) == squeezed(name)]
        raise told(f"there is no such data set; write '{near[0]}'" if near else NO_DATASET)
    return name


DatasetName = Annotated[str, AfterValidator(_known_dataset)]


class SearchRequest(SearchTerms):
    """A search: an architecture, given whole or by its id, and what its variants must satisfy."""

    architecture: Architecture | None = None
    architecture_id: Identifier | None = None

    @model_validator(mode="after")
    def _one_architecture(self) -> "SearchRequest":
        if (self.architecture is None) == (self.architecture_id is None):
            raise PydanticCustomError(
                "architecture", "give either 'architecture' or 'architecture_id', not both"
            )
        return self


class RandomSelection(Schema):
    """Some variants, drawn uniformly from all that the search found."""

    select: Literal["random"]
    count: Annotated[int, Field(ge=1, le=1_000, strict=True)] = 4
    seed: Annotated[int, Field(ge=0, lt=2**31, strict=True)] = 0


class HalvingSelection(Schema):
    """Successive halving: ``count`` variants drawn at random, or named ones; the best go on.

    All are trained for ``min_epochs`` epochs. The best ``1 / eta`` by validation accuracy go on to
    ``eta`` times as many epochs, and so on, until the recipe's epochs are reached.
    """

    select: Literal["halving"]
    count: Annotated[int, Field(ge=2, le=256, strict=True)] = 64
    eta: Annotated[int, Field(ge=2, le=16, strict=True)] = 4
    min_epochs: Annotated[int, Field(ge=1, le=10_000, strict=True)] = 1
    seed: Annotated[int, Field(ge=0, lt=2**31, strict=True)] = 0
    ids: Annotated[list[Identifier], Field(min_length=1, max_length=256)] | None = Field(
        default=None,
        description="The variants to choose from; without them, `count` are drawn with `seed`",
    )


class WholeSelection(Schema):
    """All variants that the search found."""

    select: Literal["all"]


class NamedSelection(Schema):
    """The variants with these ids."""

    ids: Annotated[list[Identifier], Field(min_length=1, max_length=1_000)]


_BY_ID: Final = "by id"
"""Tag of the selection that has no ``select``; no ``select`` has this value."""


def _selection(variants: Any) -> str:
    """The tag of the selection that is meant, so that only its own faults are told."""
    if not isinstance(variants, dict):
        return str(getattr(variants, "select", _BY_ID if hasattr(variants, "ids") else ""))
    return str(variants.get("select", _BY_ID if "ids" in variants else ""))


Selection = Annotated[
    Annotated[RandomSelection, Tag("random")]
    | Annotated[HalvingSelection, Tag("halving")]
    | Annotated[WholeSelection, Tag("all")]
    | Annotated[NamedSelection, Tag(_BY_ID)],
    Discriminator(
        _selection,
        custom_error_type="selection",
        custom_error_message=(
            'write {"select": "random"}, {"select": "halving"}, {"select": "all"} or {"ids": […]}'
        ),
    ),
]


Inputs: TypeAlias = Literal["native", "upsampled"]


class JobRequest(Schema):
    """A job: train the original of a search, and variants of it, with some seeds each."""

    search_id: Identifier
    dataset: DatasetName = Field(description="A name that `GET /v1/datasets` lists")
    variants: Selection = Field(
        default_factory=lambda: RandomSelection(select="random"),
        description="Which variants to train; four, drawn at random, where left out",
    )
    seeds: Annotated[int, Field(ge=1, le=100, strict=True)] = 3
    epochs: Annotated[int, Field(ge=1, le=10_000, strict=True)] | None = Field(
        default=None, description="Passes over the training images; the recipe's where left out"
    )
    recipe: RecipeChanges = Field(
        default_factory=RecipeChanges,
        description="How to train; as in the paper where left out",
    )
    training_images: Annotated[int, Field(ge=10, lt=2**31, strict=True)] | None = Field(
        default=None,
        description="The number of images to train on, with each class in proportion; all where "
        "left out",
    )
    inputs: Inputs = Field(
        default="native",
        description="`upsampled` is a control: a variant's images are reduced to the original's "
        "resolution and enlarged again, so that they show no more detail",
    )
    priority: Annotated[int, Field(ge=-100, le=100, strict=True)] = Field(
        default=0,
        description="Runs of a job with a higher priority are trained before all others that wait",
    )

    @property
    def training(self) -> Recipe:
        """The whole recipe; the request's own ``epochs`` take precedence."""
        epochs = {} if self.epochs is None else {"epochs": self.epochs}
        return Recipe(**{**dict(self.recipe), **epochs})
