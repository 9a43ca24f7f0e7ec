"""The document that a job's ``results`` hold; the trainer's statistics make it.

Accuracies and gains are fractions; what is unknown is ``None``.
"""

from typing import Literal, TypeAlias

from pydantic import Field

from solver.network.schema import Schema

Verdict: TypeAlias = Literal["better", "worse", "equivalent", "not_decided"]
"""What a gain shows: a difference, no difference beyond one percentage point, or neither."""


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
