"""Options that the commands which solve share."""

from typing import Annotated, Any

import typer

RANGES = "Ranges of the unknowns, LOW:HIGH"


def option(
    text: str,
    metavar: str | None = None,
    default: str | bool = False,
    panel: str | None = None,
) -> Any:
    """An option that has no value where it is not given; the help shows its default."""
    return typer.Option(help=text, metavar=metavar, show_default=default, rich_help_panel=panel)


def _range(text: str, default: str) -> Any:
    return option(text, "LOW:HIGH", default, RANGES)


Scope = Annotated[
    str | None,
    option("What is counted: all, or the paper's equation.", "network|paper", "network"),
]
CountPooling = Annotated[
    bool | None, option("Whether pooling costs FLOPs.", default="count-pooling")
]
KernelGrows = Annotated[
    bool | None,
    option("Whether conv1's kernel must be larger, in III and IV.", default="kernel-grows"),
]
MinCoverage = Annotated[
    float | None, option("Least share of the input's rows that conv1 reads.", default="0")
]

Resolution = Annotated[str | None, _range("Side of the input, in pixels.", "N+1:2N")]
KernelSize = Annotated[str | None, _range("Of conv1, and of conv2 in IV.", "3:8")]
Stride = Annotated[str | None, _range("Of conv1, and of conv2 in IV.", "1:5")]
Padding = Annotated[str | None, _range("Of conv1, and of conv2 in IV.", "1:5")]
Dilation = Annotated[str | None, _range("Of conv1, in II.", "2:4")]
PoolKernelSize = Annotated[str | None, _range("Of the new pool, in III.", "2:8")]
PoolStride = Annotated[str | None, _range("Of the new pool, in III.", "1:5")]
PoolPadding = Annotated[str | None, _range("Of the new pool, in III.", "0:5")]
OutChannels = Annotated[str | None, _range("Filters of conv1, in III and IV.", "unbounded")]
OutFeatures = Annotated[str | None, _range("Of the first linear layer, in I.", "unbounded")]
