"""Which variants of a search a job trains, and whether its networks fit the data set."""

import random
from collections.abc import Sequence

from app.db import variants
from app.db.engine import Session
from app.db.identity import split_id
from app.db.models import SearchRow
from app.errors import Fault, RefusedError
from app.experiments.catalogue import Dataset
from app.experiments.fitting import misfits, too_small
from app.experiments.recipes import Recipe
from app.schemas.requests import (
    HalvingSelection,
    JobRequest,
    NamedSelection,
    Selection,
    WholeSelection,
)
from solver.network.architecture import Architecture


def check_fit(original: Architecture, dataset: Dataset, recipe: Recipe) -> None:
    """Check that an original fits a data set and a recipe; all faults are listed at once.

    Raises
    ------
    RefusedError
        Channels, resolution or classes do not fit, or batches are too small for its batch norms.
    """
    faults = [Fault("#/dataset", fault) for fault in misfits(original, dataset)]
    resolution, native = original.resolution, dataset.resolution
    if resolution > native:
        fault = (
            f"the network takes {resolution} px, above {dataset.name}'s {native} px; images are "
            "never enlarged"
        )
        faults.append(Fault("#/dataset", fault))
    if lonely := too_small(original, recipe.batch_size):
        faults.append(Fault("#/recipe/batch_size", lonely))
    if faults:
        raise RefusedError(*faults)


def choose(
    session: Session, request: JobRequest, search: SearchRow, dataset: Dataset
) -> tuple[list[int], list[str]]:
    """Positions of the variants to train, and notes on decisions for the user.

    Raises
    ------
    RefusedError
        There is no variant, a named one is not there or takes more than the native resolution, or
        the first rung is longer than the training.
    """
    _check_rungs(request)
    most = None if request.inputs == "upsampled" else dataset.resolution
    match chosen := request.variants:
        case NamedSelection(ids=ids) | HalvingSelection(ids=[*ids]):
            notes = [*_caveats(request), *_cut_off(chosen)]
            return _named(session, ids, search, dataset, most), notes
    fitting = variants.positions(session, search.id, most=most)
    stored = variants.number(session, search.id)
    native = f"{dataset.name}'s {dataset.resolution} px"
    if not fitting:
        why = f"all are above {native}" if stored else "it found none"
        raise RefusedError(
            Fault("#/search_id", f"search {search.id} has no variant to train: {why}")
        )
    notes = [*_caveats(request), *_notes(search, stored - len(fitting), native)]
    if isinstance(chosen, WholeSelection):
        return fitting, notes
    wanted = chosen.count
    if wanted > len(fitting):
        notes.append(f"{wanted} variants were asked for; there are {len(fitting)}")
    drawn = random.Random(chosen.seed).sample(fitting, min(wanted, len(fitting)))
    return sorted(drawn), [*notes, *_cut_off(chosen)]


def _cut_off(chosen: Selection) -> list[str]:
    if not isinstance(chosen, HalvingSelection):
        return []
    return [
        "only the best by validation accuracy are trained to the end, so that there is no "
        "mean variant: a mean over them alone would be too good"
    ]


def _check_rungs(request: JobRequest) -> None:
    """Check that the first rung of halving is not longer than the recipe."""
    epochs = request.training.epochs
    if isinstance(request.variants, HalvingSelection) and request.variants.min_epochs > epochs:
        raise RefusedError(
            Fault(
                "#/variants/min_epochs",
                f"{request.variants.min_epochs} epochs are more than the {epochs} of the recipe",
            )
        )


def _caveats(request: JobRequest) -> list[str]:
    """What else a gain is owed to, or is not."""
    caveats = []
    if request.inputs == "upsampled":
        caveats.append(
            "a control: variants see images of the original's resolution, enlarged to theirs; what "
            "they gain is not owed to more pixels"
        )
    if request.training.warm_start:
        caveats.append(
            "a warm start: variants start with weights of the trained original; what they gain is "
            "owed to further training, too"
        )
    return caveats


def _notes(search: SearchRow, left_out: int, native: str) -> list[str]:
    notes = []
    if left_out:
        notes.append(
            f"{left_out} variants are above {native} and were left out: enlarged images hold no "
            "more information"
        )
    if search.outcome != "complete":
        notes.append(f"the search is {search.outcome}: variants are chosen from those it kept")
    return notes


def _named(
    session: Session, ids: Sequence[str], search: SearchRow, dataset: Dataset, most: int | None
) -> list[int]:
    """Positions of the named variants, each once; refuses resolutions above ``most``."""
    faults, positions = [], []
    for index, id_ in enumerate(ids):
        search_id, position = split_id(id_)
        row = variants.find(session, search_id, position)
        place = f"#/variants/ids/{index}"
        if row is None or search_id != search.id:
            faults.append(Fault(place, "the search has no variant with this id"))
        elif most is not None and row.resolution > most:
            native = f"{dataset.name}'s {dataset.resolution} px"
            faults.append(Fault(place, f"this variant takes {row.resolution} px, above {native}"))
        else:
            positions.append(position)
    if faults:
        raise RefusedError(*faults)
    return list(dict.fromkeys(positions))
