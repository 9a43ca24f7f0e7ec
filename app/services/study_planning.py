"""How large studies must be, from the spread that earlier ones have seen."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field

from app.db import spreads
from app.db.engine import Database
from app.errors import Fault, RefusedError
from app.experiments.spreads import Components
from app.schemas.studies import PlannedSize, StudyPlanning
from app.schemas.study_results import Spread, SpreadOf
from app.services import datasets
from app.services.study_spreads import REFERENCES, Wanted, find
from solver.network.schema import Schema
from solver.problem import ApproachName, Budget

if TYPE_CHECKING:
    from app.experiments.sizes import PoweredSize

EFFECTS: Final = (0.005, 0.01, 0.02)

Effect = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]


class PlanningQuestion(Schema):
    """What to plan a study for."""

    dataset: str = Field(
        max_length=100, examples=["mnist"], description="A name that `GET /v1/datasets` lists"
    )
    approach: ApproachName | None = Field(
        default=None, description="Take the spread seen with this approach alone"
    )
    budget: Budget | None = Field(
        default=None, description="Take the spread seen with this budget alone"
    )
    contrast: SpreadOf = Field(
        default="true_minus_upsampled", description="The estimate that is to show the effect"
    )
    effect: Annotated[list[Effect], Field(min_length=1, max_length=10)] = Field(
        default=list(EFFECTS),
        description="A fraction: 0.01 is one percentage point; may be given several times",
    )
    variants: Annotated[int, Field(ge=1, le=100)] | None = Field(
        default=None, description="Of each original; as takes the fewest runs where left out"
    )
    seeds: Annotated[int, Field(ge=1, le=100)] | None = Field(
        default=None, description="Of each network; as takes the fewest runs where left out"
    )


def plan(database: Database, data_dir: Path, question: PlanningQuestion) -> StudyPlanning:
    """Plan studies that show each of the effects with a power of 80 %.

    Raises
    ------
    RefusedError
        There is no such data set, or the spread on it is not known.
    """
    found = datasets.find(data_dir, question.dataset)
    if found.dataset is None:
        raise RefusedError(*(Fault("query/dataset", fault) for fault in found.faults))
    wanted = Wanted(question.dataset, question.contrast, question.approach, question.budget)
    with database.read() as session:
        spread = find(spreads.cells(session, question.dataset), wanted)
        seconds = spreads.mean_seconds(session, question.dataset)
    sizes = [
        _planned(question, effect, _least(question, effect, spread.components), seconds)
        for effect in question.effect
    ]
    return StudyPlanning(
        dataset=question.dataset,
        source=spread.source,
        spread=Spread(**asdict(spread.components)),
        sizes=sizes,
    )


def _least(
    question: PlanningQuestion, effect: float, components: Components
) -> "PoweredSize | None":
    from app.experiments import sizes  # it needs scipy, which takes long to import

    return sizes.least_size(
        effect,
        components,
        REFERENCES[question.contrast],
        (question.variants,) if question.variants else sizes.VARIANTS,
        (question.seeds,) if question.seeds else sizes.SEEDS,
    )


def _planned(
    question: PlanningQuestion,
    effect: float,
    found: "PoweredSize | None",
    seconds: float | None,
) -> PlannedSize:
    size = found.size if found else None
    runs = size.runs(REFERENCES[question.contrast]) if size else None
    workers = os.cpu_count() or 1
    return PlannedSize(
        effect=effect,
        contrast=question.contrast,
        originals=size.originals if size else None,
        variants=size.variants if size else question.variants,
        seeds=size.seeds if size else question.seeds,
        power=found.power if found else None,
        runs=runs,
        seconds=None if runs is None or seconds is None else runs * seconds / workers,
    )
