"""The document that a job's ``results`` hold; the trainer's statistics make it.

Accuracies and gains are fractions; what is unknown is ``None``.
"""

from typing import Literal

from solver.architecture import Schema


class Accuracy(Schema):
    """Mean and standard deviation (of the sample: n - 1) over ``n`` runs."""

    mean: float | None
    sd: float | None
    n: int


class OriginalResult(Schema):
    """The original's accuracy on the test split."""

    accuracy: Accuracy


class VariantResult(Schema):
    """A variant's accuracies on the test and on the validation split."""

    variant_id: str
    resolution: int
    accuracy: Accuracy
    validation_accuracy: Accuracy


class MeanVariant(Schema):
    """How much better the mean variant is than the original."""

    gain: float | None
    ci: tuple[float, float] | None


class Selected(Schema):
    """The variant that is best on validation, scored on test: what a user would really get.

    The interval takes the choice as given.
    """

    variant_id: str | None
    gain: float | None
    ci: tuple[float, float] | None


class BestOfK(Schema):
    """The variant that is best on test: the paper's figure, which luck alone makes positive."""

    variant_id: str | None
    gain: float | None
    optimistic: Literal[True] = True


class Results(Schema):
    """What is known of a job's networks so far."""

    original: OriginalResult
    variants: list[VariantResult]
    mean_variant: MeanVariant
    selected: Selected
    best_of_k: BestOfK
