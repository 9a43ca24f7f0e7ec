"""What is wrong with a study that is well formed, each fault with its place."""

from collections.abc import Iterator, Sequence

from app.errors import Fault, pointer
from app.experiments.catalogue import Dataset
from app.schemas.study_terms import Primary, StudyRequest, StudyTerms
from app.services.planner.cells import higher
from app.services.study_networks import network_faults
from app.services.study_sizes import size_faults
from solver.network.schema import Place
from solver.survey.axes import unknown
from solver.survey.grid import RESOLUTION, misfit, names_for


def faults_of(request: StudyRequest, terms: StudyTerms, dataset: Dataset) -> Iterator[Fault]:
    """Yield the faults of a request; ``terms`` are the request with defaults filled in.

    Networks are looked at only where the grid itself is right.
    """
    grid = [*_repeated(request), *_grid(terms)]
    yield from grid
    yield from _resolutions(terms, dataset)
    yield from _recipe(terms)
    yield from _primary(request, terms)
    if not grid:
        sizes = list(size_faults(terms))
        yield from sizes or network_faults(terms, dataset)


def _repeated(request: StudyRequest) -> Iterator[Fault]:
    """Yield what a list holds twice."""
    lists: dict[Place, Sequence[str | int]] = {
        ("resolutions",): request.resolutions,
        ("approaches",): request.approaches,
        ("budgets",): request.budgets,
        ("controls",): request.controls,
        **{("grid", name): values for name, values in request.grid.items()},
    }
    for place, values in lists.items():
        seen: set[str | int] = set()
        for index, value in enumerate(values):
            if value in seen:
                yield Fault(pointer((*place, index)), f"{value} is there twice")
            seen.add(value)


def _grid(terms: StudyTerms) -> Iterator[Fault]:
    """Yield names that stand for no field, and values that no field can have."""
    for name, values in terms.grid.items():
        place = pointer(("grid", name))
        if name == RESOLUTION:
            yield Fault(place, "write resolutions beside the grid, not in it")
        elif not names_for(terms.architecture, name):
            yield Fault(place, unknown(terms.architecture, name))
        else:
            reasons = ((value, misfit(name, value)) for value in values)
            yield from (Fault(place, f"{value}: {reason}") for value, reason in reasons if reason)


def _resolutions(terms: StudyTerms, dataset: Dataset) -> Iterator[Fault]:
    """Yield resolutions that the data set's images do not have, or that leave variants none."""
    native = dataset.resolution
    for index, resolution in enumerate(terms.resolutions):
        place = pointer(("resolutions", index))
        if resolution > native:
            yield Fault(
                place,
                f"{resolution} px is above {dataset.name}'s {native} px; images are never enlarged",
            )
        elif terms.approaches and higher(terms.ranges, resolution, native) is None:
            yield Fault(
                place,
                f"no variant can be above {resolution} px: {dataset.name} has {native} px, and "
                f"resolutions asked for are {_asked(terms, resolution)}",
            )


def _recipe(terms: StudyTerms) -> Iterator[Fault]:
    """Yield what would give variants more training than what they are compared with."""
    if terms.recipe.warm_start:
        yield Fault(
            "#/recipe/warm_start",
            "a study compares networks that are trained equally long, and a warm start adds the "
            "original's training to the variants'; leave it out, or ask for a job",
        )


def _asked(terms: StudyTerms, resolution: int) -> str:
    low, high = terms.ranges.filled(resolution).resolution or (resolution, resolution)
    return f"{low}..{high}"


def _primary(request: StudyRequest, terms: StudyTerms) -> Iterator[Fault]:
    """Yield what is wrong with the cell and the estimate that a study decides on."""
    primary = terms.primary
    if primary is None:
        if request.primary is not None:
            yield Fault("#/primary", "a study without approaches has no cells; leave it out")
        return
    for field, own in (
        ("approach", terms.approaches),
        ("resolution", terms.resolutions),
        ("budget", terms.budgets),
    ):
        if (value := getattr(primary, field)) not in own:
            some = " or ".join(map(str, own))
            yield Fault(f"#/primary/{field}", f"{value} is not in the study, which has {some}")
    yield from _contrast(primary, terms)


def _contrast(primary: Primary, terms: StudyTerms) -> Iterator[Fault]:
    """Yield what the estimate that a study decides on would be missing."""
    if primary.contrast == "true_minus_upsampled" and "upsampled" not in terms.controls:
        yield Fault(
            "#/primary/contrast",
            "it needs the control 'upsampled'; add that to controls, or write mean_variant",
        )
    if primary.contrast == "selected" and terms.seeds == 1:
        yield Fault(
            "#/primary/contrast",
            "it needs two seeds: one chooses the variant, the other scores it; add a seed, or "
            "write mean_variant",
        )
