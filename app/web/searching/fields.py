"""The fields of the form that asks about a network: names, labels, and what an approach knows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple, get_args

from solver.approaches import APPROACHES
from solver.problem import DEFAULT_RANGES, EnumeratedObjective, WholeObjective
from solver.variation.unknown import RESOLUTION

SUMMARIES: Final[Mapping[str, str]] = {
    "I": "An average pool before the first linear layer; that layer’s width pays.",
    "II": "The first convolution is dilated; all weights keep their shapes.",
    "III": "A larger first kernel with other filters, then a max pool.",
    "IV": "Other kernels, paddings and strides in the first two convolutions, and other filters.",
    "V": "Every width of the whole network changes, such as that of a ResNet.",
}
"""What each approach changes, in a line."""
LABELS: Final[Mapping[str, str]] = {
    "approach": "Approach",
    "budget": "What stays equal",
    "scope": "What is counted",
    "tolerance.below": "Tolerance below",
    "tolerance.above": "Tolerance above",
    "min_coverage": "Least share of the image that is read",
    "kernel_grows": "The first kernel has to grow",
    "count_pooling": "Pooling costs FLOPs",
    "find": "Which of the solutions",
    "find.sample": "How many to draw",
    "find.seed": "Seed",
    "find.best": "Best by",
    "find.top": "How many of the best",
    "find.diverse": "Only answers that differ much",
    "limit": "Most variants to keep",
    "time_limit": "Seconds to try",
    "widths.ratio": "Each width, as a ratio to the original’s",
    "widths.step": "Channels are multiples of",
    "widths.freeze": "Widths that stay",
    "widths.groups": "Bounds of single widths",
    "widths.grouped": "What stays of grouped convolutions",
    "widths.squeeze": "Widths of squeeze layers",
    "count": "How FLOPs are counted",
    "max_activation_bytes": "Most bytes alive at once",
    "dtype": "Type of the tensors in those bytes",
    "max_params": "Most parameters",
}
"""The labels of the fields, by their names: places in a search request, joined by dots."""
OBJECTIVES: Final[Mapping[str, Sequence[str]]] = {
    "parts": get_args(EnumeratedObjective),
    "whole": get_args(WholeObjective),
}
"""What may be best: of approaches that change a part of a network, and of those that change it."""


class RangeField(NamedTuple):
    """A range of the form.

    Attributes
    ----------
    symbols
        The unknowns that it bounds.
    approaches
        Those that have such an unknown.
    low, high
        What is taken where nothing is written.
    """

    name: str
    symbols: Sequence[str]
    approaches: Sequence[str]
    low: str
    high: str

    @property
    def label(self) -> str:
        """The name of the field, in words."""
        return self.name.replace("_", " ").capitalize()


def _range(name: str) -> RangeField:
    unknowns = [
        (unknown.symbol, approach.name)
        for approach in APPROACHES.values()
        for unknown in approach.unknowns
        if unknown.range == name
    ]
    symbols, approaches = (tuple(dict.fromkeys(column)) for column in zip(*unknowns, strict=True))
    default = DEFAULT_RANGES.get(name)
    low, high = (str(default.low), str(default.high)) if default else ("1", "no bound")
    if RESOLUTION in symbols:
        low, high = "N + 1", "2N"
    return RangeField(name, symbols, approaches, low, high)


def _range_names() -> Iterator[str]:
    for approach in APPROACHES.values():
        yield from (unknown.range for unknown in approach.unknowns)


RANGES: Final = tuple(_range(name) for name in dict.fromkeys(_range_names()))
"""The ranges of all approaches."""


def _fields() -> Iterator[str]:
    ends = ("low", "high")
    yield from LABELS
    yield from (f"widths.ratio.{end}" for end in ends)
    yield from (f"find.best.{which}" for which in OBJECTIVES)
    for it in RANGES:
        yield from (f"ranges.{it.name}.{end}" for end in ends)


FIELDS: Final = tuple(_fields())
"""The names of all fields."""
