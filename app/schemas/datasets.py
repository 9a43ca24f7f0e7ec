"""Data sets, as users see them."""

from pydantic import Field

from solver.network.schema import ANSWERED, Schema


class DatasetView(Schema):
    """A data set, and whether this machine has it."""

    name: str
    resolution: int = Field(description="Native, in pixels: the shortest side of all images")
    channels: int = Field(description="3 if any image has colours, else 1")
    classes: int
    present: bool


class FaultyDatasetView(Schema):
    """A folder of images that cannot be used as a data set yet, and the reasons."""

    name: str
    resolution: int | None = Field(description="`null` where no image can be read")
    channels: int | None
    classes: int
    present: bool
    faults: list[str]


class DatasetPage(Schema):
    """All data sets."""

    model_config = ANSWERED

    items: list[FaultyDatasetView | DatasetView]
    next: None = None
