"""How large studies must be, from the spread that earlier ones have seen."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field

from app.db import spreads
from app.db.engine import Database
from app.errors import Fault, RefusedError
from app.experiments.spreads import KNOWN, Components, Reference, pooled
from app.schemas.studies import PlannedSize, StudyPlanning
from app.schemas.study_results import Spread, StudyCell
from app.schemas.study_terms import Contrast
from app.services import datasets
from solver.network.schema import Schema
from solver.problem import ApproachName, Budget

if TYPE_CHECKING:
    from app.experiments.power import PoweredSize

EFFECTS: Final = (0.005, 0.01, 0.02)
REFERENCES: Final[dict[Contrast, Reference]] = {
    "true_minus_upsampled": "upsampled",
    "mean_variant": "original",
    "selected": "original",
}
"""What variants are compared with in a contrast."""
FEWEST: Final = 6
"""A cell's spread is used from this many originals on."""

Effect = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]


class PlanningQuestion(Schema):
    """What to plan a study for."""

    dataset: str = Field(max_length=100, examples=["mnist"], description="A name of a data set")
    approach: ApproachName | None = Field(
        default=None, description="Take the spread of this approach alone"
    )
    budget: Budget | None = Field(default=None, description="Take the spread of this budget alone")
    contrast: Contrast = Field(
        default="true_minus_upsampled", description="The estimate that is to show the effect"
    )
    effect: Annotated[tuple[Effect, ...], Field(min_length=1, max_length=10)] = Field(
        default=EFFECTS, description="As a fraction: 0.01 is one percentage point; repeatable"
    )
    variants: Annotated[int, Field(ge=1, le=100)] | None = Field(
        default=None, description="Of each original; what takes the fewest runs where left out"
    )
    seeds: Annotated[int, Field(ge=1, le=100)] | None = Field(
        default=None, description="Of each network; what takes the fewest runs where left out"
    )
