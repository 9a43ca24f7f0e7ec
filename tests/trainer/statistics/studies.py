"""Plans and runs of small studies."""

from collections.abc import Iterable, Sequence
from typing import Any

from app.experiments.recipes import Recipe
from app.schemas.study_plans import DrawnCell, DrawnOriginal, DrawnVariant, StudyPlan
from app.schemas.study_results import StudyResults
from app.schemas.study_terms import Primary, StudyTerms
from solver.network.architecture import Architecture
from trainer.statistics.study import StudyRun, summarise

LOW, HIGH = 12, 16


def terms(seeds: int = 2, **changes: Any) -> StudyTerms:
    network = {
        "input": {"channels": 1, "resolution": LOW},
        "layers": [{"type": "flatten"}, {"type": "linear", "out_features": 10}],
    }
    wanted: dict[str, Any] = {
        "dataset": "mnist",
        "dataset_version": "1",
        "resolutions": (LOW,),
        "architecture": Architecture.model_validate(network),
        "seeds": seeds,
        "primary": Primary(approach="IV", resolution=LOW, budget="params"),
        "recipe": Recipe(),
    }
    return StudyTerms(**wanted | changes)


def variant(name: str, position: int, resolution: int = HIGH, *, reads_more: bool) -> DrawnVariant:
    return DrawnVariant(
        search_id=name[0],
        position=position,
        architecture_id=name,
        resolution=resolution,
        reads_more_rows=reads_more,
    )


def original(name: str, variants: int = 2, *, same: Sequence[str] = ()) -> DrawnOriginal:
    """An original ``a`` with variants ``a0``, ``a1`` …; the last reads no more rows."""
    return DrawnOriginal(
        member=ord(name) - ord("a"),
        architecture_id=name,
        found=7,
        variants=tuple(
            variant(f"{name}{n}", n, reads_more=n < variants - 1) for n in range(variants)
        ),
        same_resolution=tuple(variant(it, 9, LOW, reads_more=False) for it in same),
    )


def cell(*originals: DrawnOriginal, **changes: Any) -> DrawnCell:
    wanted = {"approach": "IV", "resolution": LOW, "budget": "params", "has_controls": True}
    return DrawnCell(**wanted | changes, originals=originals)


def runs(
    name: str,
    *tested: float,
    validated: Sequence[float] = (),
    detail: int | None = None,
    first: int = 0,
    correct: Sequence[bytes] = (),
) -> list[StudyRun]:
    """The runs of a network with the seeds from ``first`` on."""
    return [
        StudyRun(
            architecture_id=name,
            detail=detail,
            seed=first + n,
            resolution=LOW,
            test_accuracy=accuracy,
            validation_accuracy=validated[n] if validated else accuracy,
            test_correct=correct[n] if correct else b"",
            seconds=2.0 + n,
        )
        for n, accuracy in enumerate(tested)
    ]


def results(
    cells: Sequence[DrawnCell], trained: Iterable[StudyRun], asked: StudyTerms | None = None
) -> StudyResults:
    every = list(trained)
    members = [member for it in cells for member in it.originals]
    variants = [it for member in members for it in (*member.variants, *member.same_resolution)]
    names = [member.architecture_id for member in members]
    names += [variant.architecture_id for variant in variants]
    costs = {name: (100 + len(name), 1000) for name in names}
    return summarise(StudyPlan(cells=tuple(cells)), asked or terms(), every, costs)
