"""``/v1/studies/plan``."""

from typing import Annotated

from fastapi import Query

from app.api.dependencies import TheDatabase, TheSettings
from app.api.routes import Router
from app.schemas.studies import StudyPlanning
from app.services import study_planning
from app.services.study_planning import PlanningQuestion

router = Router(prefix="/v1/studies", tags=["studies"])


@router.get("/plan")
def plan_study(
    question: Annotated[PlanningQuestion, Query()], database: TheDatabase, settings: TheSettings
) -> StudyPlanning:
    """How many originals, variants and seeds a study needs to show an effect with 80 % power.

    The spread of gains is that of recorded studies of the data set, else one that is shipped:
    `source` says which. `runs` and `seconds` count originals, variants and what variants are
    compared with; further controls come on top.
    """
    return study_planning.plan(database, settings.data_dir, question)
