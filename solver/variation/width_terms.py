"""What a request may say of the widths that approach V changes (Eq. 24)."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from solver.network.schema import MAX_NAME, Schema
from solver.network.sentences import expected
from solver.variation.grouping import Grouped, Squeeze
from solver.variation.unknown import Range

MAX_RATIO: Final = 64.0
MAX_STEP: Final = 1_024
MOST_PATTERNS: Final = 4_096


def _two_ratios(value: Any) -> Any:
    """Refuse what is not a list of two numbers above 0, the smaller one first."""
    is_pair = isinstance(value, list | tuple) and len(value) == 2
    if not is_pair or any(isinstance(it, bool) or not isinstance(it, int | float) for it in value):
        raise expected("two numbers, [low, high], such as [0.5, 2]")
    low, high = value
    if not 1 / MAX_RATIO <= low <= high <= MAX_RATIO:
        raise expected(f"two numbers from 1/{MAX_RATIO:g} to {MAX_RATIO:g}, the smaller one first")
    return (float(low), float(high))


Ratio = Annotated[tuple[float, float], BeforeValidator(_two_ratios)]
Pattern = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]


class WidthTerms(Schema):
    """How far widths may change, and in which steps."""

    ratio: Ratio = Field(
        default=(0.5, 2.0), description="Bounds of each width, as ratios to the original's"
    )
    step: Annotated[int, Field(ge=1, le=MAX_STEP, strict=True)] = Field(
        default=1,
        description="Channels are multiples of this; where the original's are not, of the greatest "
        "common divisor of both",
    )
    freeze: Annotated[tuple[Pattern, ...], Field(max_length=MOST_PATTERNS)] = Field(
        default=(),
        description="Widths that stay: names of width groups or of layers that make them; `*` "
        "stands for any text",
    )
    groups: Annotated[dict[Pattern, Range], Field(max_length=MOST_PATTERNS)] = Field(
        default_factory=dict,
        description="Bounds of single groups, by name, inclusive: channels of the layer that the "
        "group is named after. They take the place of `ratio`",
    )
    grouped: Grouped = Field(
        default="width",
        description="What stays of grouped convolutions: the `width` of their groups, or their "
        "`number`",
    )
    squeeze: Squeeze = Field(
        default="free",
        description="Whether squeeze layers have widths of their own, or keep their `ratio` to the "
        "block where it is a whole number",
    )

    def bounds(self, size: int) -> Range:
        """The whole widths within the ratios of a width."""
        low, high = (Decimal(repr(ratio)) * size for ratio in self.ratio)
        return Range(
            max(1, int(low.to_integral_value(ROUND_CEILING))),
            int(high.to_integral_value(ROUND_FLOOR)),
        )
