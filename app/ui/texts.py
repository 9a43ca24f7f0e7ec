"""How pages write numbers, times and names."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from app.ui.sentences import percent, points

MINUS: Final = "−"


def count(value: int | None) -> str:
    """A whole number with its thousands set apart; a dash where it is unknown."""
    return "–" if value is None else f"{value:,}".replace("-", MINUS)


def short(value: float | None) -> str:
    """A large number in three digits: 25.6 M, 4.09 G."""
    if value is None:
        return "–"
    for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g} {unit}".replace("-", MINUS)
    return f"{value:.3g}".replace("-", MINUS)


def signed(value: float | None) -> str:
    """A difference with its sign; nothing is ``0``."""
    if value is None:
        return "–"
    return f"{value:+,}".replace("-", MINUS) if value else "0"


def moment(value: datetime | None) -> str:
    """A time to the minute, in UTC."""
    return "–" if value is None else f"{value:%Y-%m-%d %H:%M} UTC"


def duration(seconds: float | None) -> str:
    """A time span in the two largest units that matter."""
    if seconds is None:
        return "–"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms" if seconds >= 0.001 else "under 1 ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def share(fraction: float) -> str:
    """A fraction as a percentage with as few digits as it needs, at most six: ``0.5%``."""
    return f"{100 * fraction:g}%"


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "count": count,
    "short": short,
    "signed": signed,
    "percent": percent,
    "share": share,
    "moment": moment,
    "duration": duration,
    "points": points,
}
"""The filters of all templates."""
