"""Which fields of a request suit its approach."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from solver.approaches import APPROACHES
from solver.network.expectations import listed
from solver.network.schema import Fault

if TYPE_CHECKING:
    from solver.problem import Question

OF_WHOLE: Final[Mapping[str, Any]] = {
    "widths": None,
    "count": "flops",
    "max_activation_bytes": None,
    "dtype": "float32",
    "max_params": None,
}
"""Fields that only approaches that change all widths know, with their defaults."""
OF_PARTS: Final[Mapping[str, Any]] = {"scope": "network", "min_coverage": 0.0, "kernel_grows": True}
"""Fields that only approaches that change one part of a network know, with their defaults."""
WHOLE: Final = tuple(name for name, approach in APPROACHES.items() if approach.is_whole)
PARTS: Final = tuple(name for name, approach in APPROACHES.items() if not approach.is_whole)


def unsuited(question: "Question") -> Iterator[Fault]:
    """Yield the fields that are set but mean nothing to the approach, with the remedy."""
    is_whole = APPROACHES[question.approach].is_whole
    fields, others = (OF_PARTS, PARTS) if is_whole else (OF_WHOLE, WHOLE)
    for name, default in fields.items():
        if getattr(question, name) != default:
            yield (name,), _belongs_to(others, question.approach)
    if is_whole:
        for name, bounds in question.ranges:
            if bounds is not None and name != "resolution":
                yield ("ranges", name), _belongs_to(others, question.approach, "widths")


def _belongs_to(others: tuple[str, ...], approach: str, instead: str | None = None) -> str:
    which = f"approach{'es' if len(others) > 1 else ''} {listed(others, 'and')}"
    remedy = f"write '{instead}'" if instead else "leave it out"
    return f"this belongs to {which}; for approach {approach}, {remedy}"
