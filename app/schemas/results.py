"""The document that a job's ``results`` hold; the trainer's statistics make it.

Accuracies and gains are fractions; what is unknown is ``None``.
"""

from typing import Final, Literal

from solver.network.schema import Schema


class Accuracy(Schema):
    """Mean and standard deviation (of the sample: n - 1) over ``n`` runs."""

    mean: float | None
    sd: float | None
    n: int


class OriginalResult(Schema):
    """The original's accuracy on the test split."""

    accuracy: Accuracy


class VariantResult(Schema):
    """A variant's accuracies on the test and on the validation split.

    One that halving cut off was never tested; its validation accuracy is that of its last rung.
    """

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


class RungResult(Schema):
    """Variants that were trained equally far, and which of them went on.

    ``kept`` and ``validation_accuracy`` (means over seeds, by variant) are ``None`` while they are
    trained. The last rung is trained to the end and keeps the winner. A variant without accuracy
    failed.
    """

    epochs: int
    tried: list[str]
    kept: list[str] | None
    validation_accuracy: dict[str, float | None] | None


class HalvingResult(Schema):
    """How successive halving chose."""

    eta: int
    rungs: list[RungResult]


class Results(Schema):
    """What is known of a job's networks so far.

    After halving there is no mean variant: only the best are trained to the end, and a mean over
    them would say too much.
    """

    original: OriginalResult
    variants: list[VariantResult]
    mean_variant: MeanVariant | None
    selected: Selected
    best_of_k: BestOfK
    halving: HalvingResult | None = None


NO_RESULTS: Final = Results(
    original=OriginalResult(accuracy=Accuracy(mean=None, sd=None, n=0)),
    variants=[],
    mean_variant=MeanVariant(gain=None, ci=None),
    selected=Selected(variant_id=None, gain=None, ci=None),
    best_of_k=BestOfK(variant_id=None, gain=None),
)
"""What is known before a run has ended: nothing."""
