"""Reads the values of options: ranges, tolerances, lists of numbers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from app.errors import Fault

FLAGS: Final[Mapping[str, str]] = {"groups": "--group", "count": "--macs"}
"""Options that have other names than the fields that they set."""
MOST_VALUES: Final = 100_000
"""The largest number of values in a list."""


def read_options(
    fields: Mapping[str, Any], ranges: Mapping[str, str | None]
) -> tuple[dict[str, Any], list[Fault]]:
    """The values of the options that were given, and a fault for each that cannot be read."""
    faults: list[Fault] = []

    def read(name: str, text: str, reader: Callable[[str], Any], remedy: str) -> Any:
        try:
            return reader(text)
        except ValueError:
            faults.append(Fault(flag(name), f"'{text}' cannot be read; write {remedy}"))
            return None

    values = dict(fields)
    if (text := fields.get("tolerance")) is not None:
        remedy = "a fraction, as in 0.01, or BELOW:ABOVE"
        values["tolerance"] = read("tolerance", text, _tolerance, remedy)
    bounds = {
        name: read(name, text, _range, "LOW:HIGH, as in 17:32")
        for name, text in ranges.items()
        if text is not None
    }
    return {**without_none(values), "ranges": without_none(bounds)}, faults


def without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that were given."""
    return {name: value for name, value in values.items() if value is not None}


def flag(name: str) -> str:
    """The user's name for an option."""
    return FLAGS.get(name, f"--{name.replace('_', '-')}")


def _range(text: str) -> list[int]:
    """Read ``17:32``; a single number is a range of one."""
    low, _, high = text.partition(":")
    return [int(low), int(high or low)]


def _tolerance(text: str) -> float | dict[str, float]:
    """Read ``0.01``, or ``0.01:0`` for below and above."""
    below, colon, above = text.partition(":")
    return {"below": float(below), "above": float(above)} if colon else float(below)


def numbers(text: str) -> list[int]:
    """Read ``10,15,20``, ``12:24`` or ``12:24:4``, or several of them: each value once, sorted.

    Raises
    ------
    ValueError
        The text has another form, holds no value, or holds too many.
    """
    found: set[int] = set()
    for values in map(_values, text.split(",")):
        if len(found) + len(values) > MOST_VALUES:
            raise ValueError(f"more than {MOST_VALUES:,} values")
        found |= {*values}
    return sorted(found)


def _values(text: str) -> Sequence[int]:
    """Read ``12``, ``12:24`` or ``12:24:4``."""
    first, _, rest = text.partition(":")
    last, _, step = rest.partition(":")
    found = range(int(first), int(last or first) + 1, int(step or 1))
    if not found or found.step < 1:
        raise ValueError("an empty range")
    return found
