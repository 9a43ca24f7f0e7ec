"""What a study has drawn: the document in a study's ``plan``."""

from solver.network.schema import Schema
from solver.problem import ApproachName, Budget


class DrawnVariant(Schema):
    """A variant that was drawn from all that an original has."""

    search_id: str
    position: int
    architecture_id: str
    resolution: int
    reads_more_rows: bool
    """Whether its first convolution reads more distinct rows of the image than the original's."""


class DrawnOriginal(Schema):
    """An original of a cell with its variants; ``member`` is its number in the grid."""

    member: int
    architecture_id: str
    found: int
    """The number of variants that it has."""
    variants: tuple[DrawnVariant, ...]
    same_resolution: tuple[DrawnVariant, ...] = ()
    """Variants of its own resolution; empty where that control is not trained, or has none."""


class DrawnCell(Schema):
    """A cell and its originals."""

    approach: ApproachName
    resolution: int
    budget: Budget
    has_controls: bool
    originals: tuple[DrawnOriginal, ...]


class DrawnNetwork(Schema):
    """A network of the grid that is trained for itself: where a study has no approach."""

    member: int
    architecture_id: str
    resolution: int


class StudyPlan(Schema):
    """All that was drawn, before the first run."""

    cells: tuple[DrawnCell, ...] = ()
    networks: tuple[DrawnNetwork, ...] = ()
