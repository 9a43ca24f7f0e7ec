"""What a network's layers and blocks cost, as the table and the boxes show it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.schemas.architectures import ArchitectureView
from app.web.networks import kinds
from app.web.networks.folding import Entry


@dataclass(frozen=True)
class Row:
    """A layer, or a block with the sums of its layers.

    Attributes
    ----------
    type
        The layer's type, or the block's number of layers.
    window
        The kernel and the stride.
    output
        The shape of the last layer's output; ``receptive_field`` is that layer's, too.
    share_of_params, share_of_flops
        Fractions of the whole network's.
    """

    family: kinds.Family
    type: str
    window: str
    settings: str
    output: str
    params: int
    macs: int
    flops: int
    receptive_field: int
    share_of_params: float
    share_of_flops: float


def rows_of(view: ArchitectureView, shown: Sequence[Entry]) -> Mapping[Entry, Row]:
    """What each entry costs."""
    totals = sum(it.params for it in view.layers), sum(it.flops for it in view.layers)
    return {entry: _row(view, entry, *totals) for entry in shown}


def _row(view: ArchitectureView, entry: Entry, all_params: int, all_flops: int) -> Row:
    reports = [view.layers[place] for place in entry.places]
    params = sum(report.params for report in reports)
    flops = sum(report.flops for report in reports)
    return Row(
        *_words(view, entry),
        output=kinds.shape(reports[-1].output),
        params=params,
        macs=sum(report.macs for report in reports),
        flops=flops,
        receptive_field=reports[-1].receptive_field,
        share_of_params=params / all_params if all_params else 0.0,
        share_of_flops=flops / all_flops if all_flops else 0.0,
    )


def _words(view: ArchitectureView, entry: Entry) -> tuple[kinds.Family, str, str, str]:
    """The family, the type, the window and the settings."""
    if entry.kind != "layer":
        return "block", f"{len(entry.places)} layers", "", ""
    layer = view.architecture.layers[entry.places[0]]
    return kinds.family_of(layer), layer.type, kinds.window_of(layer), kinds.settings_of(layer)
