"""The tolerance: how far counts may deviate from the original's."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from solver.network.schema import Schema
from solver.network.sentences import expected
from solver.variation.unknown import Range

Fraction = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False, strict=True)]


class Tolerance(Schema):
    """A band around the original's count, as fractions of it (the paper's footnote 3)."""

    below: Fraction = 0.0
    above: Fraction = 0.0

    @model_validator(mode="before")
    @classmethod
    def _symmetric(cls, data: Any) -> Any:
        """Take a number as the tolerance on both sides."""
        if isinstance(data, int | float) and not isinstance(data, bool):
            return {"below": data, "above": data}
        if not isinstance(data, dict | Tolerance):
            raise expected('a fraction such as 0.01, or {"below": 0.01, "above": 0}')
        return data

    def band(self, target: int) -> Range:
        """The range of counts within the tolerance of a target."""
        return Range(target - _share(self.below, target), target + _share(self.above, target))


TakesNumber = BeforeValidator(lambda given: given, json_schema_input_type=Fraction | Tolerance)
"""Describes that a tolerance is written as a number, too; :class:`Tolerance` takes it."""


def _share(fraction: float, target: int) -> int:
    """⌊fraction · target⌋, exact for the fraction as written in decimal."""
    numerator, denominator = Decimal(repr(fraction)).as_integer_ratio()
    return numerator * target // denominator
