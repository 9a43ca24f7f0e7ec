"""Requests and terms of studies with good defaults: small ones, of digits."""

from typing import Any

from app.experiments.catalogue import DATASETS
from app.schemas.study_terms import StudyRequest, StudyTerms
from app.services.study_terms import terms_of


def body(**changes: Any) -> dict[str, Any]:
    """A study of a grid of four networks at 6 px, in one cell."""
    return {
        "dataset": "digits",
        "resolutions": [6],
        "approaches": ["IV"],
        "grid": {"kernel_size": [2, 3]},
        "originals": 2,
        "variants": 2,
        "seeds": 2,
        "epochs": 1,
        **changes,
    }


def request(**changes: Any) -> StudyRequest:
    return StudyRequest.model_validate(body(**changes))


def terms(**changes: Any) -> StudyTerms:
    asked = request(**changes)
    return terms_of(asked, DATASETS[asked.dataset])
