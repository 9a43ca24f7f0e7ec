"""A plot of the variants on a page of their list."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, get_args

from app.services.variant_table import VariantEntry
from app.ui.plots.chart import COLOURS, Axis, Chart, Mark, Series
from app.ui.sentences import percent
from app.web.browsing.queries import Column

MARKS: Final[tuple[Mark, ...]] = get_args(Mark)


class _Shown(NamedTuple):
    """How a column is shown on an axis; its value is ``None`` where it is unknown."""

    title: str
    value: Callable[[VariantEntry], float | None]
    is_percent: bool = False

    @property
    def axis(self) -> Axis:
        """The axis; what is no percentage is a whole number."""
        return Axis(self.title, is_percent=self.is_percent, is_whole=not self.is_percent)


class _Point(NamedTuple):
    """A variant whose values on both axes are known."""

    entry: VariantEntry
    x: float
    y: float


def _accuracy(entry: VariantEntry) -> float | None:
    return entry.accuracy and entry.accuracy.mean


SHOWN: Final[Mapping[Column, _Shown]] = {
    "resolution": _Shown("Resolution (px)", lambda it: it.row.resolution),
    "params": _Shown("Parameters", lambda it: it.row.params),
    "flops": _Shown("FLOPs", lambda it: it.row.flops),
    "coverage": _Shown("Rows read by conv1 (%)", lambda it: it.row.coverage, is_percent=True),
    "receptive_field": _Shown("Receptive field (px)", lambda it: it.row.receptive_field),
    "accuracy": _Shown("Test accuracy (%)", _accuracy, is_percent=True),
}
X_CHOICES: Final[tuple[Column, ...]] = ("resolution", "flops", "params", "coverage")
Y_CHOICES: Final[tuple[Column, ...]] = ("accuracy", "flops", "params", "coverage")
"""What the axes show if nothing is asked for: the first column in which the variants differ."""


def chart(entries: Sequence[VariantEntry], x: Column | None, y: Column | None) -> Chart:
    """The variants whose values are known; each search's terms have a colour and a mark.

    An accuracy has an error bar of one standard deviation.
    """
    x = x or _telling(entries, [it for it in X_CHOICES if it != y])
    y = y or _telling(entries, [it for it in Y_CHOICES if it != x])
    across, up = SHOWN[x], SHOWN[y]
    return Chart(
        f"{up.title} against {_within(across.title)}",
        across.axis,
        up.axis,
        [*_series([*_points(entries, across, up)], has_error=y == "accuracy")],
    )


def _within(title: str) -> str:
    """A title within a sentence; abbreviations stay as they are."""
    return title if title[:2].isupper() else f"{title[0].lower()}{title[1:]}"


def _telling(entries: Sequence[VariantEntry], choices: Sequence[Column]) -> Column:
    """The first of some columns in which the variants differ; the first one if they never do."""
    for name in choices:
        if len({value for it in entries if (value := SHOWN[name].value(it)) is not None}) > 1:
            return name
    return choices[0]


def _points(entries: Iterable[VariantEntry], x: _Shown, y: _Shown) -> Iterator[_Point]:
    for entry in entries:
        across, up = x.value(entry), y.value(entry)
        if across is not None and up is not None:
            yield _Point(entry, across, up)


def _series(points: Iterable[_Point], *, has_error: bool) -> Iterator[Series]:
    groups: dict[str, list[_Point]] = {}
    for point in points:
        problem = point.entry.problem
        groups.setdefault(f"{problem.approach}, {problem.budget}", []).append(point)
    for place, name in enumerate(sorted(groups)):
        group = groups[name]
        yield Series(
            name,
            x=[it.x for it in group],
            y=[it.y for it in group],
            names=[_name(it.entry) for it in group],
            links=[f"/variants/{it.entry.id}" for it in group],
            low=[it.y - _sd(it.entry) for it in group] if has_error else (),
            high=[it.y + _sd(it.entry) for it in group] if has_error else (),
            mark=MARKS[place % len(MARKS)],
            colour=1 + place % COLOURS,
        )


def _sd(entry: VariantEntry) -> float:
    """The standard deviation of a variant's accuracy; 0 if it is unknown."""
    return (entry.accuracy and entry.accuracy.sd) or 0.0


def _name(entry: VariantEntry) -> str:
    name = entry.problem.architecture.name or "unnamed network"
    about = f"{name} at {entry.row.resolution} px"
    if entry.accuracy is None:
        return about
    return f"{about}: {percent(entry.accuracy.mean)} over {entry.accuracy.runs} runs"
