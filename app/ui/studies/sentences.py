"""What a study has found, in sentences that claim no more than its numbers show."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from app.schemas.results import Verdict
from app.schemas.studies import StudyView
from app.schemas.study_results import Estimate, StudyCell
from app.schemas.study_terms import Contrast
from app.states import FINAL
from app.ui.sentences import budget_in_words, interval, points
from app.ui.studies.cells import estimate_of, primary_of

PLACES: Final = 2
"""Decimal places of percentage points: a study has more runs than a job."""
pp = partial(points, places=PLACES)


@dataclass(frozen=True)
class _Claim:
    """How a contrast is said: a sentence's beginning for each verdict, and what was measured."""

    better: str
    worse: str
    equivalent: str
    undecided: str
    measured: str

    def of(self, verdict: Verdict | None) -> str:
        said = {"better": self.better, "worse": self.worse, "equivalent": self.equivalent}
        return said.get(verdict or "", f"It is not decided {self.undecided}")


_CLAIMS: Final[dict[Contrast, _Claim]] = {
    "true_minus_upsampled": _Claim(
        better="More pixels raise accuracy",
        worse="More pixels lower accuracy",
        equivalent="More pixels make no difference beyond one percentage point",
        undecided="whether more pixels raise accuracy",
        measured="variants score {gain} against themselves on images with no more detail",
    ),
    "mean_variant": _Claim(
        better="Variants for larger images are more accurate than their originals",
        worse="Variants for larger images are less accurate than their originals",
        equivalent="Variants for larger images are as accurate as their originals, within one "
        "percentage point",
        undecided="whether variants for larger images are more accurate than their originals",
        measured="the mean variant scores {gain} against its original",
    ),
    "selected": _Claim(
        better="A variant chosen on validation images is more accurate than its original",
        worse="A variant chosen on validation images is less accurate than its original",
        equivalent="A variant chosen on validation images is as accurate as its original, within "
        "one percentage point",
        undecided="whether a variant chosen on validation images is more accurate than its "
        "original",
        measured="the chosen variant scores {gain} against its original",
    ),
}


def conclusion(study: StudyView) -> str:
    """The study's answer: the verdict on its primary contrast, and the numbers behind it."""
    primary, cell = study.request.primary, primary_of(study)
    if primary is None:
        return (
            "This study compares nothing at equal budgets: it trains the networks of a grid, each "
            "for itself."
        )
    if cell is None or (found := estimate_of(cell, primary.contrast)).gain is None:
        if study.state in FINAL:
            return "There is no result: nothing in the primary cell was trained to the end."
        return f"There is no result yet: the study is {study.state}."
    claim = _CLAIMS[primary.contrast]
    numbers = f"{claim.measured.format(gain=pp(found.gain))} ({_evidence(found)})"
    said = f"{claim.of(found.verdict)} {_where(study, cell)}: {numbers}.{_needed(found)}"
    return said if study.state in FINAL else f"So far: {said[0].lower()}{said[1:]}"


def _where(study: StudyView, cell: StudyCell) -> str:
    asked = study.request
    budget = budget_in_words(cell.budget, asked.tolerance, asked.scope)
    return f"at {budget} (approach {cell.approach}, {asked.dataset} at {cell.resolution} px)"


def _evidence(found: Estimate) -> str:
    """What a gain rests on: its interval, its p-value, and the number of originals."""
    parts = [interval(found.ci, PLACES)] if found.ci else ["no interval"]
    if found.p is not None:
        parts.append(f"p = {found.p:.2g}")
    parts.append("1 original" if found.n == 1 else f"{found.n} originals")
    return ", ".join(parts)


def _needed(found: Estimate) -> str:
    if found.verdict not in (None, "not_decided"):
        return ""
    if found.needed is None:
        return " How many originals would decide it cannot be said, or it takes more than 1,000."
    return f" With this spread, {found.needed:,} originals would decide it."


def decomposition(study: StudyView) -> Iterator[str]:
    """What the primary cell's gain is made of, and what luck alone would claim."""
    cell = primary_of(study)
    if cell is None:
        return
    yield _parts(cell)
    yield _luck(cell, study.request.variants)


def _parts(cell: StudyCell) -> str:
    pixels, geometry = cell.true_minus_upsampled, cell.upsampled_minus_original
    headline = cell.mean_variant
    if headline.gain is None:
        return "There is no mean variant yet."
    together = f"the mean variant differs from its original by {_gain(headline)}"
    if pixels.gain is None or geometry.gain is None:
        return (
            f"{together[0].upper()}{together[1:]}. What pixels bring and what the changed geometry "
            "brings cannot be told apart: no variant was trained on upsampled images."
        )
    return (
        f"The extra pixels change accuracy by {_gain(pixels)}, and the changed geometry changes "
        f"it by {_gain(geometry)}; with both, {together}."
    )


def _gain(found: Estimate) -> str:
    between = f" ({interval(found.ci, PLACES)})" if found.ci else ""
    return f"{pp(found.gain)}{between}"


def _luck(cell: StudyCell, variants: int) -> str:
    best, luck, rest = cell.best_of_k, cell.best_of_k_null, cell.best_minus_null
    if best.gain is None:
        return "There is no best variant yet."
    said = f"The best of {variants}, the paper’s figure, claims {pp(best.gain)}"
    if luck.gain is None:
        return (
            f"{said}. It is optimistic, for it is chosen on the very images that score it; by how "
            "much is not known, for the originals were not trained again."
        )
    left = f", which leaves {pp(rest.gain)} ({_evidence(rest)})" if rest.gain is not None else ""
    return (
        f"{said}, but the best of {variants} further trainings of the original itself gains "
        f"{pp(luck.gain)} by luck alone{left}."
    )
