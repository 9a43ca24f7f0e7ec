"""Checks what is asked of a study, and fills in what was left out."""

from app.db.identity import content_hash
from app.errors import RefusedError
from app.experiments.catalogue import Dataset
from app.schemas.study_terms import Primary, StudyQuestion, StudyRequest, StudyTerms
from app.services.planner.lenet import lenet
from app.services.study_faults import faults_of


def terms_of(request: StudyRequest, dataset: Dataset) -> StudyTerms:
    """All that was asked, with defaults filled in.

    Raises
    ------
    RefusedError
        It cannot be carried out; all faults are listed.
    """
    architecture = request.architecture or lenet(dataset)
    asked = {name: getattr(request, name) for name in StudyQuestion.model_fields}
    filled = {
        "architecture": architecture,
        "grid": {name: tuple(sorted(values)) for name, values in request.grid.items()},
        "ranges": request.ranges.filled(dataset.resolution).model_copy(
            update={"resolution": request.ranges.resolution}
        ),
        "controls": request.controls if request.approaches else (),
        "primary": _primary(request),
        "recipe": request.training,
        "dataset_version": dataset.version,
    }
    terms = StudyTerms.model_construct(**{**asked, **filled})
    if faults := list(faults_of(request, terms, dataset)):
        raise RefusedError(*faults)
    return terms


def plan_hash(terms: StudyTerms) -> str:
    """The hash of all that was asked; names of networks do not change it."""
    document = terms.model_dump(mode="json")
    return content_hash("study", {**document, "architecture": terms.architecture.id})


def _primary(request: StudyRequest) -> Primary | None:
    """What the study decides on; the first cell where that was left out."""
    if not request.approaches:
        return None
    if request.primary is not None:
        budget = request.primary.budget or request.budgets[0]
        return request.primary.model_copy(update={"budget": budget})
    return Primary(
        approach=request.approaches[0],
        resolution=request.resolutions[0],
        budget=request.budgets[0],
        contrast="true_minus_upsampled" if "upsampled" in request.controls else "mean_variant",
    )
