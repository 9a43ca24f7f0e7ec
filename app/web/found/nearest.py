"""The networks that come nearest where there is no variant, as a table for spreadsheets."""

from collections.abc import Iterator
from operator import attrgetter
from typing import Final, NamedTuple

from app.ui.experiment import assigned
from app.web.tables import Columns
from solver.answers.variants import Explanation, Variant


class Near(NamedTuple):
    """A network that comes near, and in which sense."""

    name: str
    variant: Variant


def near(explanation: Explanation | None) -> Iterator[Near]:
    """Yield those that are known."""
    for name in ("nearest", "below", "above"):
        variant: Variant | None = getattr(explanation, name, None)
        if variant:
            yield Near(name, variant)


NEAREST: Final[Columns[Near]] = {
    "network": attrgetter("name"),
    "resolution": attrgetter("variant.resolution"),
    "params": attrgetter("variant.counts.params"),
    "delta_params": attrgetter("variant.delta.params"),
    "flops": attrgetter("variant.counts.flops"),
    "delta_flops": attrgetter("variant.delta.flops"),
    "unknowns": lambda it: assigned(it.variant.assignment),
}
