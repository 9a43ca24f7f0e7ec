"""The options of ``isobudget solve`` that, with a file's ``find``, choose the solutions shown."""

from collections.abc import Mapping
from typing import Any, Final

from app.errors import Fault
from solver.answers.variants import Outcome, is_at_least
from solver.network.schema import Place
from solver.problem import Best, Find, Sample

KINDS: Final = {"sample": ("sample", "seed"), "best": ("best", "top", "diverse")}
"""The options of each kind of answer; the first of them chooses the kind."""
METAVARS: Final = {"sample": "--sample K", "best": "--best OBJECTIVE"}
KIND_OF: Final = {name: kind for kind, names in KINDS.items() for name in names}


def find_of(given: Mapping[str, Any], own: Any) -> tuple[Any, list[Fault]]:
    """A file's ``find`` as overridden by the options, and the faults of these options.

    Options of the file's own kind override its fields one by one.
    """
    named = [kind for kind in KINDS if kind in given]
    if len(named) > 1:
        return own, [Fault("--best", "it does not go with --sample; give one of the two")]
    kind = named[0] if named else kind_of(own)
    faults = [_stray(name, named) for name in given if KIND_OF[name] != kind]
    if kind is None:
        return own, faults
    kept = {name: value for name, value in given.items() if KIND_OF[name] == kind}
    return {**(own if kind_of(own) == kind else {}), **kept}, faults


def kind_of(find: Any) -> str | None:
    """Whether a file's ``find`` is a ``sample`` or asks for the ``best``."""
    return next((kind for kind in KINDS if isinstance(find, dict) and kind in find), None)


def _stray(name: str, named: list[str]) -> Fault:
    """The fault of an option whose partner is missing."""
    partner = METAVARS[KIND_OF[name]]
    if named:
        return Fault(f"--{name}", f"it goes with {partner}, not with --{named[0]}")
    return Fault(f"--{name}", f"it goes with {partner}, which is missing")


def at_odds_with_count(given: Mapping[str, Any]) -> list[Fault]:
    """The fault of options that choose solutions to show, if solutions are only counted."""
    names = [f"--{name}" for name, value in given.items() if value is not None]
    reason = f"it counts all solutions and shows none; leave out {', '.join(names)}"
    return [Fault("--count", reason)] if names else []


def title(find: Find, kept: int, found: int, first: int, outcome: Outcome) -> str:
    """The title of a table of the first variants; empty if the table shows all variants.

    If there may be more variants than were found, the title claims a sample, or the best, only of
    those that were found.
    """
    rest = f"; the first {first}" if kept > first else ""
    some = f"{found:,}"
    if is_part := is_at_least(outcome, found, find):
        some = f"the {found:,} that were found, not of all"
    match find:
        case Sample(seed=seed):
            uniform = "a sample" if is_part else "a uniform sample"
            return f"{uniform} of {kept:,} of {some} (seed {seed}){rest}"
        case Best(best=objective, diverse=diverse):
            best = f"the best {kept:,} {'diverse ones ' if diverse else ''}".rstrip()
            if outcome == "timed_out":
                return f"{best} by {objective}, of {some}{rest}"
            return f"{best} of {'all' if is_part else some} by {objective}{rest}"
        case _ if kept < found:
            return f"{kept:,} of {some}, drawn uniformly{rest}"
        case _:
            return f"the first {first} of {some}" if rest else ""


def place_in_find(place: Place, given: Mapping[str, Any]) -> str:
    """The user's name for a place in ``find``: an option, or a path in the file."""
    _, *path = place
    if path and path[0] in given:
        return f"--{path[0]}"
    return "/".join(map(str, ("find", *path)))
