"""How all figures look: their colours, marks and fonts."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from matplotlib.typing import RcKeyType

INK: Final = "#20242a"
MUTED: Final = "#626a75"
LINE: Final = "#e1e4e8"
BLUE: Final = "#0072b2"
GREEN: Final = "#009e73"
RED: Final = "#d55e00"
PURPLE: Final = "#aa4499"
ORANGE: Final = "#e69f00"
SKY: Final = "#56b4e9"

IN_PAGES: Final = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    LINE: "var(--line)",
    BLUE: "var(--accent)",
}
"""Colours that follow the light or dark scheme of a page; the others suit both."""

SETTINGS: Final[dict[RcKeyType, Any]] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": LINE,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}


class Mark(NamedTuple):
    """How a series is drawn: its shape tells it apart where colours cannot."""

    label: str
    colour: str
    shape: str
    is_hollow: bool = False

    @property
    def drawn(self) -> dict[str, Any]:
        """The arguments of Matplotlib for it."""
        return {
            "marker": self.shape,
            "color": self.colour,
            "markerfacecolor": "none" if self.is_hollow else self.colour,
            "markeredgecolor": self.colour,
            "label": self.label,
            "linestyle": "none",
        }


SERIES: Final = {
    "original": Mark("original", INK, "o"),
    "mean_variant": Mark("mean variant", BLUE, "D"),
    "selected": Mark("chosen on validation", GREEN, "s"),
    "true_minus_upsampled": Mark("true − upsampled", PURPLE, "P"),
    "best_of_k": Mark("best of k (optimistic)", RED, "^", is_hollow=True),
    "best_of_k_null": Mark("luck alone (optimistic)", MUTED, "v", is_hollow=True),
}
RESOLUTIONS: Final = tuple(
    zip((BLUE, RED, GREEN, PURPLE, ORANGE, SKY), ("o", "^", "s", "D", "v", "P"), strict=True)
)
"""Colour and shape for each resolution, the least first; they repeat where there are more."""


def in_percent(axes: Axes) -> None:
    """Write the values on the vertical axis, which are fractions, as percentages."""
    axes.yaxis.set_major_formatter(FuncFormatter(_percent))


def _percent(fraction: float, _place: int | None) -> str:
    return f"{round(100 * fraction, 6):g}".replace("-", "−")


def one_legend(figure: Figure, panels: Sequence[Axes]) -> None:
    """Put each series of all panels once in a legend above them."""
    found: dict[str, Artist] = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    if found:
        columns = min(len(found), 4)
        figure.legend([*found.values()], [*found], loc="outside upper center", ncols=columns)
