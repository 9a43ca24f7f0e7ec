"""The arms of a study: which network is trained with which seeds, and what for."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from app.db.identity import variant_id
from app.db.needs import Need, Training
from app.schemas.study_plans import DrawnCell, DrawnOriginal, DrawnVariant, StudyPlan
from app.schemas.study_terms import StudyTerms

Role: TypeAlias = Literal["original", "variant", "upsampled", "retrained", "same_resolution"]


class Arm(NamedTuple):
    """A network that is trained with some seeds, for one original of one cell.

    ``detail`` is the resolution to which its images are reduced before they are enlarged again;
    ``None`` if they are not. ``cell`` is ``None`` where a study has no approaches. Arms of several
    cells may share runs.
    """

    architecture_id: str
    resolution: int
    seeds: range
    role: Role
    member: int
    cell: DrawnCell | None = None
    variant_id: str | None = None
    detail: int | None = None


Arms: TypeAlias = Mapping[tuple[str, int | None, int], Sequence[Arm]]
"""What each run of a study is for, by its network, the detail of its images, and its seed."""


def arms_of(terms: StudyTerms, plan: StudyPlan) -> Iterator[Arm]:
    """Yield all arms: the primary cell's first, then the other cells', each by original."""
    for cell in sorted(
        plan.cells, key=lambda it: not terms.decides_in(it.resolution, it.approach, it.budget)
    ):
        for original in cell.originals:
            yield from _arms(terms, cell, original)
    for network in plan.networks:
        yield Arm(
            network.architecture_id,
            network.resolution,
            range(terms.seeds),
            "original",
            network.member,
        )


def by_run(arms: Iterable[Arm]) -> Arms:
    """The arms that each run is for: those of several cells may share it."""
    found = defaultdict(list)
    for arm in arms:
        for seed in arm.seeds:
            found[arm.architecture_id, arm.detail, seed].append(arm)
    return found


def _arms(terms: StudyTerms, cell: DrawnCell, original: DrawnOriginal) -> Iterator[Arm]:
    """The original and its variants; in a cell with controls, these, too."""
    seeds = range(terms.seeds)
    own = Arm(original.architecture_id, cell.resolution, seeds, "original", original.member, cell)
    yield own
    for variant in original.variants:
        yield _of(variant, own, "variant")
    if not cell.has_controls:
        return
    if "upsampled" in terms.controls:
        for variant in original.variants:
            yield _of(variant, own, "upsampled")._replace(detail=cell.resolution)
    if "retrained" in terms.controls:
        further = range(terms.seeds, terms.seeds * (1 + terms.variants))
        yield own._replace(role="retrained", seeds=further)
    for variant in original.same_resolution:
        yield _of(variant, own, "same_resolution")


def _of(variant: DrawnVariant, original: Arm, role: Role) -> Arm:
    return original._replace(
        architecture_id=variant.architecture_id,
        resolution=variant.resolution,
        role=role,
        variant_id=variant_id(variant.search_id, variant.position),
    )


def needs_of(terms: StudyTerms, plan: StudyPlan) -> list[Need]:
    """The runs that a study needs, each once, in the order of its arms."""
    training = Training(terms.dataset, terms.dataset_version, terms.training_images, terms.recipe)
    needs: dict[str, Need] = {}
    for arm in arms_of(terms, plan):
        for run in training.runs(arm.architecture_id, arm.resolution, arm.detail, arm.seeds):
            needs.setdefault(run["id"], Need(run, terms.recipe.epochs))
    return list(needs.values())
