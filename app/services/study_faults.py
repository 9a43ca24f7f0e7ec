"""What is wrong with a study that is well formed, each fault with its place."""

from collections.abc import Iterator, Sequence
from typing import Final

from app.errors import Fault, pointer
from app.experiments.catalogue import Dataset
from app.experiments.fitting import misfits, too_small
from app.schemas.study_terms import StudyRequest, StudyTerms
from app.services.planner.cells import cells_of, grid_of, has_controls, higher
from solver.approaches import APPROACHES
from solver.network.architecture import Architecture
from solver.network.expectations import listed
from solver.network.schema import Place
from solver.survey.grid import RESOLUTION, fields_of, misfit, names_for

MOST_RUNS: Final = 100_000
"""The largest number of runs of a study."""
MOST_MEMBERS: Final = 100_000
"""The largest number of networks in the grids of all cells."""


def faults_of(request: StudyRequest, terms: StudyTerms, dataset: Dataset) -> Iterator[Fault]:
    """Yield the faults of a request; ``terms`` are the request with defaults filled in.

    Networks are looked at only where the grid itself is right.
    """
    grid = [*_repeated(request), *_grid(terms)]
    yield from grid
    yield from _resolutions(terms, dataset)
    yield from _primary(terms)
    if not grid:
        sizes = list(_sizes(terms))
        yield from sizes or _networks(terms, dataset)


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
        for index, value in enumerate(values):
            if value in values[:index]:
                yield Fault(pointer((*place, index)), f"{value} is there twice")


def _grid(terms: StudyTerms) -> Iterator[Fault]:
    """Yield names that stand for no field, and values that no field can have."""
    for name, values in terms.grid.items():
        place = pointer(("grid", name))
        if name == RESOLUTION:
            yield Fault(place, "write resolutions beside the grid, not in it")
        elif not names_for(terms.architecture, name):
            yield Fault(place, _unknown(terms.architecture))
        else:
            reasons = ((value, misfit(name, value)) for value in values)
            yield from (Fault(place, f"{value}: {reason}") for value, reason in reasons if reason)


def _unknown(architecture: Architecture) -> str:
    known = list(fields_of(architecture))
    if not known:
        return "there is nothing to vary: the network has no convolution"
    return f"the network has no such field; a grid can vary {listed(known, 'and')}"


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


def _asked(terms: StudyTerms, resolution: int) -> str:
    low, high = terms.ranges.filled(resolution).resolution or (resolution, resolution)
    return f"{low}..{high}"


def _primary(terms: StudyTerms) -> Iterator[Fault]:
    """Yield what is wrong with the cell and the estimate that a study decides on."""
    primary = terms.primary
    if primary is None:
        return
    for field, own in (
        ("approach", terms.approaches),
        ("resolution", terms.resolutions),
        ("budget", terms.budgets),
    ):
        if (value := getattr(primary, field)) not in own:
            some = " or ".join(map(str, own)) or "none"
            yield Fault(f"#/primary/{field}", f"{value} is not in the study, which has {some}")
    if primary.contrast == "true_minus_upsampled" and "upsampled" not in terms.controls:
        yield Fault(
            "#/primary/contrast",
            "it needs the control 'upsampled'; add that to controls, or write mean_variant",
        )


def _sizes(terms: StudyTerms) -> Iterator[Fault]:
    """Yield what makes a study too large."""
    size = grid_of(terms, terms.resolutions[0]).size
    cells = list(cells_of(terms))
    networks = size * (len(cells) or len(terms.resolutions))
    if networks > MOST_MEMBERS:
        yield Fault(
            "#/grid",
            f"{networks:,} networks over all cells exceed the {MOST_MEMBERS:,} that a study may "
            "have; give fewer values",
        )
        return
    originals = size if terms.originals == "all" else min(size, terms.originals)
    runs = originals * sum(_runs_of_an_original(terms))
    if runs > MOST_RUNS:
        yield Fault(
            "#/originals",
            f"up to {runs:,} runs exceed the {MOST_RUNS:,} that a study may have; ask for fewer "
            "originals, variants or seeds",
        )


def _runs_of_an_original(terms: StudyTerms) -> Iterator[int]:
    """Yield the runs of one original in each cell, or at each resolution without cells."""
    cells = list(cells_of(terms))
    for cell in cells:
        arms = 1 + len(terms.controls) * has_controls(terms, cell)
        yield terms.seeds * (1 + arms * terms.variants)
    if not cells:
        yield terms.seeds * len(terms.resolutions)


def _networks(terms: StudyTerms, dataset: Dataset) -> Iterator[Fault]:
    """Yield why networks of the grid cannot be trained, or changed by the approaches.

    All members have the same layers, so the first valid one speaks for all.
    """
    if terms.architecture.input.resolution is None:
        yield Fault("#/architecture/input", "originals take square images; write a resolution")
        return
    for index, resolution in enumerate(terms.resolutions):
        grid = grid_of(terms, resolution)
        number = next((it for it in range(grid.size) if grid.fault(it) is None), None)
        if number is None:
            yield Fault(
                pointer(("resolutions", index)),
                f"no network of the grid is valid at {resolution} px; e.g. {grid.fault(0)}",
            )
            continue
        faults = list(_of_network(terms, dataset, grid.member(number)))
        yield from faults
        if faults:  # the same at the other resolutions
            return


def _of_network(terms: StudyTerms, dataset: Dataset, network: Architecture) -> Iterator[Fault]:
    for fault in misfits(network, dataset):
        yield Fault("#/architecture", fault)
    if lonely := too_small(network, terms.recipe.batch_size):
        yield Fault("#/recipe/batch_size", lonely)
    for index, approach in enumerate(terms.approaches):
        if in_the_way := APPROACHES[approach].misfit(network):
            _, reason = in_the_way
            yield Fault(pointer(("approaches", index)), reason)
