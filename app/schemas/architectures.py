"""Architectures, as users see them."""

from pydantic import Field

from solver.network.architecture import Architecture
from solver.network.counting import Counts, LayerReport
from solver.network.schema import Schema


class ArchitectureView(Schema):
    """An architecture with all that was inferred, counted as a whole and layer by layer."""

    id: str = Field(description="Hash of what the network computes; names take no part in it")
    architecture: Architecture
    counts: Counts
    layers: list[LayerReport]


class ArchitecturePage(Schema):
    """Architectures, the newest first."""

    items: list[ArchitectureView]
    next: str | None
