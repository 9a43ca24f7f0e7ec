"""The document in a study's ``results``; the trainer's statistics make it.

Accuracies and gains are fractions; what is unknown is ``None``.
"""

from typing import Literal, TypeAlias

from pydantic import Field

from app.schemas.results import Accuracy, Verdict
from solver.network.schema import ANSWERED, Schema
from solver.problem import ApproachName, Budget

SpreadOf: TypeAlias = Literal["mean_variant", "true_minus_upsampled"]
"""Contrasts whose spread is known part by part."""


class Estimate(Schema):
    """A gain over many originals: one number for each of them, and what these numbers show."""

    model_config = ANSWERED

    gain: float | None = Field(description="Mean over originals, as a fraction")
    ci: tuple[float, float] | None = Field(
        default=None, description="95 % interval of the gain for further originals of the grid"
    )
    p: float | None = Field(default=None, description="Two-sided p-value of no difference")
    p_adjusted: float | None = Field(
        default=None,
        description="Corrected for the other cells (Holm); as `p` in the primary contrast",
    )
    n: int = Field(default=0, description="Originals")
    verdict: Verdict | None = Field(
        default=None,
        description="`equivalent`: within one percentage point to either side, by two one-sided "
        "tests; `not_decided`: neither a difference nor equivalence is shown",
    )
    needed: int | None = Field(
        default=None,
        description="Originals that would decide, if `not_decided`: estimated from this spread",
    )


class OptimisticEstimate(Estimate):
    """A gain that luck alone makes positive; it has no verdict."""

    optimistic: Literal[True] = True


class BetterShare(Schema):
    """The probability that a variant is better than its original."""

    model_config = ANSWERED

    share: float | None
    ci: tuple[float, float] | None = None
    n: int = 0


class StudyNetwork(Schema):
    """A trained network of a study, with its cost."""

    model_config = ANSWERED

    architecture_id: str
    variant_id: str | None = Field(description="`null` for an original")
    resolution: int
    params: int
    flops: int
    accuracy: Accuracy = Field(description="On the test split")
    validation_accuracy: Accuracy
    seconds: float | None = Field(description="Mean training time of a run")
    upsampled: Accuracy | None = Field(
        default=None, description="The same network on images with no more detail"
    )


class StudyOriginal(StudyNetwork):
    """An original with its variants (Fig. 4)."""

    member: int = Field(description="Its number in the grid")
    found: int | None = Field(description="The number of variants that it has")
    retrained: tuple[float, ...] = Field(
        default=(),
        description="Mean test accuracies of its further trainings, each over as many seeds as a "
        "variant has",
    )
    variants: tuple[StudyNetwork, ...] = ()
    same_resolution: tuple[StudyNetwork, ...] = ()


class Spread(Schema):
    """Standard deviations of accuracy, as fractions: what a study's size is planned from.

    ``None`` is not known. Negative estimates of variances count as 0.
    """

    model_config = ANSWERED

    originals: float | None = Field(description="Of true gains between originals")
    variants: float | None = Field(description="Of true accuracies between variants of an original")
    seeds: float | None = Field(description="Between trainings of a network")
    images: float | None = Field(
        description="Of the mean gain, owed to the choice of the test images"
    )


class StudyCell(Schema):
    """What a study has found in a cell."""

    model_config = ANSWERED

    approach: ApproachName
    resolution: int
    budget: Budget
    is_primary: bool
    originals: int = Field(description="With results")
    accuracy: Accuracy = Field(description="Of the originals, each a mean over seeds")
    seconds: tuple[float | None, float | None] = Field(
        description="Mean training time of a run: of originals, of variants"
    )
    mean_variant: Estimate = Field(description="The mean variant minus the original: the headline")
    selected: Estimate = Field(
        description="The variant with the best validation accuracy, scored on test, minus the "
        "original; chosen by other seeds than it is scored with, so it takes two"
    )
    best_of_k: OptimisticEstimate = Field(
        description="The variant with the best test accuracy minus the original: the paper's figure"
    )
    best_of_k_null: OptimisticEstimate = Field(
        description="The same of further trainings of the original: the gain that luck alone gives"
    )
    best_minus_null: Estimate = Field(description="`best_of_k` minus `best_of_k_null`")
    true_minus_upsampled: Estimate = Field(
        description="Variants minus the same variants on images with no more detail: what the "
        "extra pixels bring"
    )
    upsampled_minus_original: Estimate = Field(
        description="Variants on images with no more detail minus the original: what the changed "
        "geometry brings"
    )
    same_resolution: Estimate = Field(
        description="Variants of the original's own resolution minus the original"
    )
    no_more_rows: Estimate = Field(
        description="Variants whose first convolution reads no more rows than the original's, "
        "minus the original: these should gain nothing"
    )
    better: BetterShare
    spread: dict[SpreadOf, Spread] = Field(description="By contrast")
    networks: tuple[StudyOriginal, ...]


class StudyResults(Schema):
    """What is known about a study so far; ``networks`` were trained for themselves (Fig. 1)."""

    model_config = ANSWERED

    cells: tuple[StudyCell, ...] = ()
    networks: tuple[StudyOriginal, ...] = ()
    verdict: Verdict | None = Field(default=None, description="Of the primary contrast")
