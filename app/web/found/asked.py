"""What a search was asked, and how it ended, in words."""

from collections.abc import Iterator, Mapping
from typing import Final

from app.schemas.searches import SearchSummary, TermsView
from app.ui.sentences import budget_of, percent
from app.ui.texts import count, share
from solver.answers.variants import Outcome, is_at_least
from solver.approaches import APPROACHES
from solver.problem import Best, Sample
from solver.variation.unknown import Range

CHANGES: Final[Mapping[str, str]] = {
    "I": "average pooling before the first linear layer",
    "II": "a dilated first convolution",
    "III": "a larger first kernel and a pool behind it",
    "IV": "other first and second convolutions",
    "V": "other widths throughout",
}
"""What each approach changes; ``docs/model.md`` says it in full."""
OBJECTIVES: Final[Mapping[str, str]] = {
    "closest": "the smallest changes of widths",
    "max_resolution": "the largest images",
    "fewest_changes": "the fewest changed widths",
    "min_activations": "the least memory",
    "nearest_budget": "the nearest budget",
    "max_receptive_field": "the largest receptive field",
    "max_coverage": "the largest share of rows read",
    "min_flops": "the fewest FLOPs",
    "min_params": "the fewest parameters",
}
"""What is best by each objective."""
MEANINGS: Final[Mapping[Outcome, str]] = {
    "complete": "Every solution is here.",
    "truncated": "There are more than were kept: these were chosen as asked.",
    "infeasible": "It is proved that no network satisfies all requirements.",
    "timed_out": "Time ran out: these were found, and there may be others.",
}


def question(search: SearchSummary) -> str:
    """What was asked, in a sentence."""
    asked = search.request
    resolution = asked.ranges.resolution
    sides = _range(resolution) + " px" if resolution else "a higher resolution"
    budget = budget_of(asked)
    return (
        f"Which networks take images of {sides} instead of {search.original.resolution} px at "
        f"{budget}, with {CHANGES[asked.approach]} (approach {asked.approach})?"
    )


def terms(asked: TermsView) -> Iterator[tuple[str, str]]:
    """What else was asked, as names and values; defaults that say nothing are left out."""
    if asked.tolerance.below or asked.tolerance.above:
        below, above = share(asked.tolerance.below), share(asked.tolerance.above)
        yield "Tolerance", f"{below} below to {above} above"
    if asked.min_coverage:
        yield "Least coverage", percent(asked.min_coverage)
    if not asked.count_pooling:
        yield "Pooling", "costs no FLOPs"
    if not asked.kernel_grows:
        yield "First kernel", "may keep its size"
    if asked.max_activation_bytes:
        yield "Memory", f"at most {count(asked.max_activation_bytes)} bytes ({asked.dtype})"
    if asked.max_params:
        yield "Parameters", f"at most {count(asked.max_params)}"
    yield "Answers", _answers(asked)
    yield "Time limit", f"{asked.time_limit:g} s"


def ranges(asked: TermsView) -> list[tuple[str, str]]:
    """The ranges of the unknowns that the approach has."""
    names = dict.fromkeys(it.range for it in APPROACHES[asked.approach].unknowns)
    given = [(name, getattr(asked.ranges, name)) for name in names]
    return [(name.replace("_", " ").capitalize(), _range(it)) for name, it in given if it]


def _range(bounds: Range) -> str:
    low, high = count(bounds.low), count(bounds.high)
    return low if low == high else f"{low} to {high}"


def _answers(asked: TermsView) -> str:
    match asked.find:
        case Best(best=name, top=top, diverse=diverse):
            which = f"the best {top} by {OBJECTIVES[name]}"
            return f"{which}, unlike each other" if diverse else which
        case Sample(sample=number, seed=seed):
            return f"a sample of {count(number)} (seed {seed})"
    return f"all, at most {count(asked.limit)}"


def found(search: SearchSummary) -> str:
    """How many variants there are, as far as that is known."""
    number = "1 variant" if search.found == 1 else f"{count(search.found)} variants"
    if search.outcome and is_at_least(search.outcome, search.found, search.request.find):
        return f"at least {number}"
    return number
