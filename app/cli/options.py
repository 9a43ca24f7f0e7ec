"""The requests of the commands that solve: a file's request, overridden by options."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from pydantic import ValidationError

from app.cli.console import refuse
from app.cli.files import faults_of, shown
from app.cli.find_options import find_of, place_in_find
from app.cli.option_values import flag, read_options, without_none
from app.errors import Fault
from solver.approaches import APPROACHES
from solver.network.schema import Place
from solver.network.sentences import MISSING
from solver.problem import SolveRequest

*_FIRST, _LAST = APPROACHES
UNCOUNTED: Final = (
    "approach V has more solutions than can be counted; isobudget solve finds the closest of them"
)
REQUIRED: Final = {
    "--approach": f"{', '.join(_FIRST)} or {_LAST}",
    "--budget": "params, flops or both",
}


def requests_of(
    file: str,
    content: Any,
    asked: Iterable[Mapping[str, Any]],
    ranges: Mapping[str, str | None],
    find: Mapping[str, Any] | None = None,
    others: Sequence[Fault] = (),
) -> list[SolveRequest]:
    """Build and check requests; if they have faults, list each once, and end the command.

    Parameters
    ----------
    file
        Where the content comes from, for messages.
    content
        An architecture, or a whole request.
    asked, ranges, find
        The options by the names of what they override; ``None`` was not given. Each item of
        ``asked`` makes one request.
    others
        Faults that were found before.
    """
    faults = list(others)
    requests = []
    for fields in asked:
        request, found = _checked(content, fields, ranges, without_none(find or {}))
        faults += found
        requests += [request] if request else []
    if faults:
        refuse(shown(file), list(dict.fromkeys(faults)))
    return requests


def _checked(
    content: Any,
    fields: Mapping[str, Any],
    ranges: Mapping[str, str | None],
    find: Mapping[str, Any],
) -> tuple[SolveRequest | None, list[Fault]]:
    given, faults = read_options(fields, ranges)
    data = request_in(content)
    parts = {name: given.pop(name, None) or {} for name in ("ranges", "widths")}
    data |= given
    for field, part in parts.items():
        inner = data.get(field) or {}
        if part:
            data[field] = {**inner, **part} if isinstance(inner, dict) else inner
    if find:
        approach = APPROACHES.get(str(data.get("approach")))
        by_default = {"best": "closest"} if approach is not None and approach.is_whole else "all"
        data["find"], strays = find_of(find, data.get("find", by_default))
        faults += strays
    names = {*given, *parts["ranges"], *parts["widths"], *({"approach", "budget"} - {*data})}
    name = _naming(names, find, is_whole(content))
    try:
        request = SolveRequest.model_validate(data)
        return request, faults
    except ValidationError as invalid:
        return None, faults + [_with_remedy(fault) for fault in faults_of(invalid, name)]


def is_whole(content: Any) -> bool:
    """Whether a file holds a whole request, and not an architecture alone."""
    return isinstance(content, dict) and bool({"architecture", "architecture_id"} & {*content})


def request_in(content: Any) -> dict[str, Any]:
    """The request in a file; an architecture alone becomes a request with nothing else."""
    return dict(content) if is_whole(content) else {"architecture": content}


def _naming(
    options: Collection[str], find: Mapping[str, Any], has_questions: bool
) -> Callable[[Place], str]:
    """Make a function that gives the user's name for a place: an option, or a path in the file."""

    def name(place: Place) -> str:
        if place[:1] == ("find",):
            return place_in_find(place, find)
        if option := next((part for part in place[:2] if part in options), None):
            return flag(str(option))
        is_inner = not has_questions and place[:1] == ("architecture",)
        return "/".join(map(str, place[1:] if is_inner else place))

    return name


def _with_remedy(fault: Fault) -> Fault:
    if fault.detail.startswith(MISSING) and fault.pointer in REQUIRED:
        return replace(fault, detail=f"{MISSING}; give {REQUIRED[fault.pointer]}")
    return fault
