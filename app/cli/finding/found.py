"""What ``isobudget find`` answers: the document that ``--json`` prints."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from app.cli.finding.candidates import Pool
from app.cli.finding.training import Choice
from app.client import StoredArchitecture, Variant
from app.schemas.results import Accuracy, Selected
from app.schemas.variants import VariantView
from solver.answers.variants import Explanation, Outcome
from solver.network.architecture import Architecture
from solver.network.counting import Counts
from solver.network.schema import Schema

BoundsView = Annotated[
    dict[str, tuple[int, int]], Field(description="Least and most of each bounded cost")
]


class Searched(Schema):
    """What one approach has to offer."""

    approach: str
    search_id: str
    outcome: Outcome | None
    found: int = Field(description="Variants that the search found")
    looked_at: int = Field(description="Those of them whose costs were compared with the bounds")
    kept: int = Field(description="Those of these that keep all bounds")
    candidates: int = Field(description="Those of these that were drawn, and trained")
    explanation: Explanation | None = Field(description="Why the search found none, if it did")
    nearest: VariantView | None = Field(
        description="Of the variants that do not keep all bounds, the one that misses by the least"
    )


class Nothing(Schema):
    """The answer if no variant keeps all bounds."""

    chosen: None = None
    bounds: BoundsView
    searches: list[Searched]


class Network(Schema):
    """A trained network."""

    approach: str | None = Field(description="`null` for the original")
    variant_id: str | None = Field(description="`null` for the original")
    architecture: Architecture
    counts: Counts
    validation_accuracy: float = Field(description="Mean over seeds")
    test_accuracy: Accuracy


class Found(Schema):
    """The network that Eq. 1 asks for, and how it was found."""

    chosen: Literal["variant", "original"] = Field(
        description="The one with the better validation accuracy; the variant if the original "
        "exceeds a bound"
    )
    exceeded: list[str] = Field(description="The bounds that the original exceeds")
    original: Network
    variant: Network = Field(description="The variant with the best validation accuracy")
    gain: Selected = Field(description="This variant against the original, on test images")
    bounds: BoundsView
    searches: list[Searched]
    job_id: str = Field(description="The job that trained the best variant")
    model: str = Field(description="Path of the chosen network's `model.py`")
    report: str = Field(description="Path of the report of that job")


def searched(pools: Sequence[Pool], candidates: Mapping[int, Sequence[Variant]]) -> list[Searched]:
    """What each approach has to offer, in their order."""
    return [
        Searched(
            approach=pool.search.request.approach,
            search_id=pool.search.id,
            outcome=pool.search.outcome,
            found=pool.search.found,
            looked_at=pool.looked_at,
            kept=len(pool.kept),
            candidates=len(candidates.get(place, ())),
            explanation=pool.search.explanation,
            nearest=pool.nearest.view if pool.nearest else None,
        )
        for place, pool in enumerate(pools)
    ]


def found_of(
    choice: Choice,
    winner: Variant,
    original: StoredArchitecture,
    **others: Any,
) -> Found:
    """The answer; ``others`` are its fields that do not follow from the choice."""
    results = choice.trial.job.results
    return Found(
        chosen="variant" if choice.is_variant else "original",
        original=Network(
            approach=None,
            variant_id=None,
            architecture=original.architecture,
            counts=original.counts,
            validation_accuracy=choice.original,
            test_accuracy=results.original.accuracy,
        ),
        variant=Network(
            approach=winner.approach,
            variant_id=winner.id,
            architecture=winner.architecture,
            counts=winner.counts,
            validation_accuracy=choice.validated,
            test_accuracy=choice.winner.accuracy,
        ),
        gain=results.selected,
        job_id=choice.trial.job.id,
        **others,
    )
