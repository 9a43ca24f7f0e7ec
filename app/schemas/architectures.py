"""Architectures, as users see them."""

from pydantic import Field

from solver.network.architecture import Architecture
from solver.network.counting import Counts, LayerReport, count, describe
from solver.network.schema import Schema


class ArchitectureView(Schema):
    """An architecture with all that was inferred, counted as a whole and layer by layer."""

    id: str = Field(description="Hash of what the network computes; names take no part in it")
    architecture: Architecture
    counts: Counts
    layers: list[LayerReport]

    @classmethod
    def of(cls, architecture: Architecture) -> "ArchitectureView":
        """Count an architecture.

        Raises
        ------
        OverflowError
            A count is too large to be exact.
        """
        return cls(
            id=architecture.id,
            architecture=architecture,
            counts=count(architecture),
            layers=describe(architecture),
        )


class ArchitecturePage(Schema):
    """Architectures, the newest first."""

    items: list[ArchitectureView]
    next: str | None
