"""Architectures, as users see them."""

from pydantic import Field

from solver.network.architecture import Architecture
from solver.network.counting import Counts, LayerReport, count, describe
from solver.network.schema import Schema
from solver.variation.groups import WidthGroups
from solver.variation.template import MisfitError


class WidthGroupView(Schema):
    """Channels that are as many everywhere: a width that may change, or that is frozen."""

    name: str = Field(description="The first layer that makes them")
    width: int = Field(description="The group's width in this network")
    unit: int = Field(
        description="Channels of that layer for each 1 of the width: more than 1 where channels "
        "only come together, as in the groups of a grouped convolution"
    )
    layers: list[str] = Field(description="The layers that make such channels")
    frozen: str | None = Field(description="What keeps the width from changing; null if nothing")


class ArchitectureView(Schema):
    """An architecture with all that was inferred, counted as a whole and layer by layer."""

    id: str = Field(description="Hash of what the network computes; names take no part in it")
    architecture: Architecture
    counts: Counts
    layers: list[LayerReport]
    groups: list[WidthGroupView] = Field(
        description="Its width groups, in the order of the layers that name them; empty where "
        "ungrouped says why there are none"
    )
    ungrouped: str | None = Field(description="The layer whose channels cannot be grouped, and why")

    @classmethod
    def of(cls, architecture: Architecture) -> "ArchitectureView":
        """Count an architecture.

        Raises
        ------
        OverflowError
            A count is too large to be exact.
        """
        groups, ungrouped = _grouped(architecture)
        return cls(
            id=architecture.id,
            architecture=architecture,
            counts=count(architecture),
            layers=describe(architecture),
            groups=groups,
            ungrouped=ungrouped,
        )


def _grouped(architecture: Architecture) -> tuple[list[WidthGroupView], str | None]:
    """The width groups of a network, or why it has none."""
    try:
        groups = WidthGroups.of(architecture)
    except MisfitError as misfit:
        return [], str(misfit)
    return [
        WidthGroupView(
            name=group.name,
            width=group.size,
            unit=group.unit,
            layers=list(group.members),
            frozen=group.keeper,
        )
        for group in groups.groups
    ], None


class ArchitecturePage(Schema):
    """Architectures, the newest first."""

    items: list[ArchitectureView]
    next: str | None
