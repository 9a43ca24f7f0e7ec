"""The document that a job's ``results`` hold; the trainer's statistics make it.

Accuracies and gains are fractions; what is unknown is ``None``.
"""

from typing import Final, Literal, TypeAlias

from pydantic import Field

from solver.network.schema import ANSWERED, Schema

Verdict: TypeAlias = Literal["better", "worse", "equivalent", "not_decided"]
"""What a gain shows: a difference, no difference beyond one percentage point, or neither."""


class Accuracy(Schema):
    """Mean and standard deviation (of the sample: n - 1) over ``n`` runs."""

    mean: float | None
    sd: float | None
    n: int


UNKNOWN: Final = Accuracy(mean=None, sd=None, n=0)
"""The accuracy of a network without a finished run."""


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


class Gain(Schema):
    """How much more accurate variants are than the original, and what that shows.

    Everything but the gain is ``None`` where too few runs have ended.
    """

    gain: float | None = Field(description="Difference of accuracies, as a fraction")
    ci: tuple[float, float] | None = Field(description="95 % interval of the gain")
    p: float | None = Field(default=None, description="Two-sided p-value of no difference")
    verdict: Verdict | None = Field(
        default=None,
        description="`equivalent`: within one percentage point to either side, by two one-sided "
        "tests; `not_decided`: neither a difference nor equivalence is shown",
    )


class MeanVariant(Gain):
    """How much better the mean variant is than the original."""

    better: float | None = Field(
        default=None,
        description="Share of the variants whose mean accuracy is above the original's",
    )


class Selected(Gain):
    """The variant that is best on validation, scored on test: what a user would really get."""

    variant_id: str | None


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
    original=OriginalResult(accuracy=UNKNOWN),
    variants=[],
    mean_variant=MeanVariant(gain=None, ci=None),
    selected=Selected(variant_id=None, gain=None, ci=None),
    best_of_k=BestOfK(variant_id=None, gain=None),
)
"""What is known before a run has ended: nothing."""
