"""The document that a job's ``results`` hold; the trainer's statistics make it.

Accuracies and gains are fractions; what is unknown is ``None``.
"""

from typing import Final, Literal

from pydantic import Field

from solver.network.schema import ANSWERED, Schema


class Accuracy(Schema):
    """Mean and standard deviation (of the sample: n - 1) over ``n`` runs."""

    mean: float | None
    sd: float | None
    n: int


class OriginalResult(Schema):
    """The original's accuracy on the test split."""

    accuracy: Accuracy


class VariantResult(Schema):
    """A variant's accuracies on the test split and on the validation split.

    A variant that halving has dropped was not tested. Its validation accuracy is that of its last
    rung.
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
    """The variant with the best validation accuracy, and its gain on the test split.

    This is what choosing by validation gives a user. The interval does not account for the choice.
    """

    variant_id: str | None
    gain: float | None
    ci: tuple[float, float] | None


class BestOfK(Schema):
    """The variant with the best test accuracy: the paper's figure.

    It is optimistic: the best of several equal networks has a positive gain by chance.
    """

    variant_id: str | None
    gain: float | None
    model_config = ANSWERED

    optimistic: Literal[True] = True


class RungResult(Schema):
    """A step of successive halving: some variants are trained for the same number of epochs.

    The last rung reaches the recipe's epochs and keeps one variant, the winner.
    """

    epochs: int = Field(description="Epochs that each of these variants is trained for in total")
    tried: list[str] = Field(description="Ids of the variants that are trained")
    kept: list[str] | None = Field(
        description="Ids of the variants that go on, the best first; `null` until all are trained"
    )
    validation_accuracy: dict[str, float | None] | None = Field(
        description="Each variant's mean over its seeds, `null` for a variant that failed; `null` "
        "until all are trained"
    )


class HalvingResult(Schema):
    """How successive halving chose."""

    eta: int
    rungs: list[RungResult]


class Results(Schema):
    """What is known about a job's networks so far.

    After halving there is no mean variant: a mean over only the best would be too high.
    """

    model_config = ANSWERED

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
