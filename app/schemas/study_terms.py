"""What users ask of a study, and the document in a study's ``request``.

A study asks, for each cell (resolution, approach and budget), what equal-budget variants of many
originals gain. Originals are networks of a grid.
"""

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field

from app.experiments.recipes import Recipe, RecipeChanges
from app.schemas.requests import DatasetName
from solver.network.architecture import Architecture
from solver.network.schema import ANSWERED, Schema
from solver.problem import ApproachName, Budget, Ranges, Scope
from solver.variation.tolerance import TakesNumber, Tolerance

Control: TypeAlias = Literal["upsampled", "retrained", "same_resolution"]
"""Networks that are trained to find out what a gain is owed to."""
Contrast: TypeAlias = Literal["true_minus_upsampled", "mean_variant", "selected"]
"""An estimate on which a study may decide."""
ControlsIn: TypeAlias = Literal["primary", "all"]

Side = Annotated[int, Field(ge=1, le=1024, strict=True)]
Axis = Annotated[
    tuple[Annotated[int, Field(ge=0, strict=True)], ...], Field(min_length=1, max_length=1_000)
]
AxisName = Annotated[str, Field(min_length=1, max_length=64)]

CONTROLS: Final[tuple[Control, ...]] = ("upsampled", "retrained")


class Primary(Schema):
    """The one cell, and the one estimate in it, that a study decides on."""

    approach: ApproachName
    resolution: Side
    budget: Budget | None = Field(
        default=None, description="The first of the study's budgets where left out"
    )
    contrast: Contrast = "true_minus_upsampled"


class StudyQuestion(Schema):
    """What a study asks for, apart from the recipe; all of it is part of the plan."""

    dataset: DatasetName = Field(description="A name that `GET /v1/datasets` lists")
    resolutions: Annotated[tuple[Side, ...], Field(min_length=1, max_length=16)] = Field(
        description="Of the originals, in pixels"
    )
    approaches: Annotated[tuple[ApproachName, ...], Field(max_length=4)] = Field(
        default=("IV",),
        description="One cell for each approach, resolution and budget. With none, the originals "
        "alone are trained",
    )
    budgets: Annotated[tuple[Budget, ...], Field(min_length=1, max_length=3)] = ("params",)
    scope: Scope = "network"
    tolerance: Annotated[Tolerance, TakesNumber] = Field(
        default=Tolerance(),
        description="Fractions of the original's count: a number, or `{below, above}`",
        json_schema_extra={"default": 0.0},
    )
    ranges: Ranges = Field(
        default_factory=Ranges,
        description="Bounds of the variants' unknowns; Section 4's where left out. Resolutions "
        "above the data set's native one are left out in any case",
    )
    architecture: Architecture | None = Field(
        default=None,
        description="The network in which the grid sets fields; the paper's, with two convolutions "
        "and two linear layers, where left out",
    )
    grid: Annotated[dict[AxisName, Axis], Field(max_length=16)] = Field(
        default_factory=lambda: {
            "kernel_size": (3, 5, 7),
            "out_channels": (10, 15, 20),
            "padding": (0, 1),
        },
        description="The values of each field that varies among originals: `kernel_size` of both "
        "convolutions, `conv1.kernel_size` of one; `pool_kernel_size` of the pools behind them",
    )
    originals: Annotated[int, Field(ge=1, le=1_000, strict=True)] | Literal["all"] = Field(
        default=9,
        description="How many are drawn for each cell, from the grid's networks that have at least "
        "`variants` variants; `all` takes all of them",
    )
    variants: Annotated[int, Field(ge=1, le=100, strict=True)] = Field(
        default=4, description="How many are drawn for each original, from all that it has"
    )
    seeds: Annotated[int, Field(ge=1, le=100, strict=True)] = 3
    training_images: Annotated[int, Field(ge=10, lt=2**31, strict=True)] | None = Field(
        default=None,
        description="The number of images to train on, with each class in proportion; all where "
        "left out",
    )
    controls: Annotated[tuple[Control, ...], Field(max_length=3)] = Field(
        default=CONTROLS,
        description="`upsampled`: variants that see no more detail than the original; "
        "`retrained`: the original, trained with as many more seeds as its variants have; "
        "`same_resolution`: variants of the original's own resolution",
    )
    controls_in: ControlsIn = Field(
        default="primary", description="The cells in which controls are trained"
    )
    primary: Primary | None = Field(
        default=None,
        description="What the study decides on; the first cell where left out, and there "
        "`true_minus_upsampled` if that control is trained",
    )
    seed: Annotated[int, Field(ge=0, lt=2**31, strict=True)] = Field(
        default=0, description="Of all draws"
    )


class StudyRequest(StudyQuestion):
    """A study: the paper's experiment, with the controls that its claim needs."""

    epochs: Annotated[int, Field(ge=1, le=10_000, strict=True)] | None = Field(
        default=None, description="Passes over the training images; the recipe's where left out"
    )
    recipe: RecipeChanges = Field(
        default_factory=RecipeChanges,
        description="How to train; as in the paper where left out",
    )
    priority: Annotated[int, Field(ge=-100, le=100, strict=True)] = Field(
        default=0,
        description="Runs with a higher priority are trained before all others that wait",
    )

    @property
    def training(self) -> Recipe:
        """The whole recipe; the request's own ``epochs`` take precedence."""
        epochs = {} if self.epochs is None else {"epochs": self.epochs}
        return Recipe(**{**dict(self.recipe), **epochs})


class StudyTerms(StudyQuestion):
    """What was asked, with defaults filled in: with the data set's version, the frozen plan.

    The priority is not part of it: two studies that differ in nothing else are the same.
    """

    model_config = ANSWERED

    architecture: Architecture
    primary: Primary | None
    recipe: Recipe
    dataset_version: str = Field(description="Of the images; part of each run's identity")

    def decides_in(self, resolution: int, approach: ApproachName, budget: Budget) -> bool:
        """Whether a cell is the primary one."""
        primary = self.primary
        if primary is None:
            return False
        named = (primary.resolution, primary.approach, primary.budget or self.budgets[0])
        return named == (resolution, approach, budget)
