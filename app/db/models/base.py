"""What all tables share: names of constraints, and how types of Python are stored."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import MetaData, String
from sqlalchemy.orm import DeclarativeBase

from app.db.types import AsSchema, Document, UTCDateTime
from app.experiments.halving import Rung
from app.schemas.environments import Environment
from app.schemas.job_terms import JobDocument
from app.schemas.results import Results
from app.schemas.search_terms import SearchTerms
from app.schemas.studies import Feasibility, GridCount
from app.schemas.study_plans import StudyPlan
from app.schemas.study_results import StudyResults
from app.schemas.study_terms import StudyTerms

Id: Final = String(40)


def one_of(column: str, values: tuple[str, ...]) -> str:
    """The condition of a check: a column holds one of some texts."""
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({listed})"


class Base(DeclarativeBase):
    """The base of all tables; a convention makes constraint names, which migrations can use."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own declaration
        datetime: UTCDateTime(),
        dict[str, Any]: Document,
        list[int]: Document,
        list[str]: Document,
        Environment: AsSchema(Environment),
        JobDocument: AsSchema(JobDocument),
        tuple[Rung, ...]: AsSchema(tuple[Rung, ...]),
        Results: AsSchema(Results),
        SearchTerms: AsSchema(SearchTerms),
        StudyTerms: AsSchema(StudyTerms),
        tuple[GridCount, ...]: AsSchema(tuple[GridCount, ...]),
        tuple[Feasibility, ...]: AsSchema(tuple[Feasibility, ...]),
        StudyPlan: AsSchema(StudyPlan),
        StudyResults: AsSchema(StudyResults),
    }
