"""What a study's controls and tests mean, in a sentence each."""

from collections.abc import Iterator
from typing import Final

from app.experiments.significance import least_originals
from app.schemas.studies import StudyView
from app.schemas.study_terms import Control

CONTROLS: Final[dict[Control, str]] = {
    "upsampled": "Upsampled images: the same variants are trained on images that are reduced to "
    "the original’s resolution and enlarged again. True minus upsampled is what the extra pixels "
    "bring; upsampled minus original is what the changed geometry brings.",
    "retrained": "Retrained originals: each original is trained as often again as all its variants "
    "together. The best of these trainings gains by luck alone, and so does the best of k.",
    "same_resolution": "Variants of the same resolution: variants at the same budget that take "
    "images of the original’s resolution. What they gain owes nothing to the resolution.",
}
COVERAGE: Final = (
    "Coverage: variants whose first convolution reads no more rows of the image than their "
    "original’s should gain nothing from larger images."
)


def controls_of(study: StudyView) -> Iterator[str]:
    """Yield a sentence for each control of the study."""
    if not study.request.approaches:
        return
    for control in study.request.controls:
        yield CONTROLS[control]
    yield COVERAGE


def reading_tests(study: StudyView) -> Iterator[str]:
    """Yield how the study's tests are to be read."""
    yield (
        "The primary estimate decides, and its p-value stands as it is. Every other p-value is "
        "corrected for the number of cells that have the same estimate (Holm). Intervals are 95% "
        "intervals for further originals of the grid."
    )
    most = least_originals(max(len(study.cells), 1))
    yield (
        f"A sign-flip test needs {least_originals(1)} originals to find a difference in the "
        f"primary estimate, and up to {most} in the others; with fewer, the intervals say what is "
        "known."
    )
