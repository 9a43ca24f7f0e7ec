"""What ``isobudget solve`` is asked: a file's request, overridden by options."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, Final

from pydantic import ValidationError

from app.cli.console import refuse
from app.cli.files import MISSING, faults_of, shown
from app.errors import Fault, RefusedError
from app.services import searches
from app.services.architectures import checked
from app.services.requests import SearchRequest
from solver.architecture import Place
from solver.problem import SolveRequest

REQUIRED: Final = {"--approach": "I, II, III or IV", "--budget": "params, flops or both"}


def request_of(
    file: str, content: Any, fields: Mapping[str, Any], ranges: Mapping[str, str | None]
) -> SolveRequest:
    """Check a request; everything that is wrong with it is listed, and ends the command.

    Parameters
    ----------
    file
        Where the content comes from, for messages.
    content
        An architecture, or a whole request.
    fields, ranges
        The options by the names of what they override; ``None`` was not given.
    """
    is_whole = isinstance(content, dict) and bool({"architecture", "architecture_id"} & {*content})
    given, faults = _given(fields, ranges)
    data = dict(content) if is_whole else {"architecture": content}
    bounds, inner = given.pop("ranges"), data.get("ranges", {})
    data |= given
    if bounds:
        data["ranges"] = {**inner, **bounds} if isinstance(inner, dict) else inner
    name = _naming({*given, *bounds, *({"approach", "budget"} - {*data})}, is_whole)
    try:
        request = SolveRequest.model_validate(data)
        faults += _misfits(request, name)
    except ValidationError as invalid:
        faults += [_with_remedy(fault) for fault in faults_of(invalid, name)]
    if faults:
        refuse(shown(file), list(dict.fromkeys(faults)))
    return request


def _given(
    fields: Mapping[str, Any], ranges: Mapping[str, str | None]
) -> tuple[dict[str, Any], list[Fault]]:
    """The options that were given, read; those that cannot be read are faults."""
    faults: list[Fault] = []

    def read(name: str, text: str, reader: Callable[[str], Any], remedy: str) -> Any:
        try:
            return reader(text)
        except ValueError:
            faults.append(Fault(_option(name), f"'{text}' cannot be read; write {remedy}"))
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
    return {**_without_none(values), "ranges": _without_none(bounds)}, faults


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _naming(options: Collection[str], is_whole: bool) -> Callable[[Place], str]:
    """Call a place what the user calls it: an option, or a path in the file."""

    def name(place: Place) -> str:
        if option := next((part for part in place[:2] if part in options), None):
            return _option(str(option))
        is_inner = not is_whole and place[:1] == ("architecture",)
        return "/".join(map(str, place[1:] if is_inner else place))

    return name


def _with_remedy(fault: Fault) -> Fault:
    if fault.detail == MISSING and fault.pointer in REQUIRED:
        return replace(fault, detail=f"{MISSING}; give {REQUIRED[fault.pointer]}")
    return fault


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _misfits(request: SolveRequest, name: Callable[[Place], str]) -> list[Fault]:
    """Why the approach cannot be applied, or the network not be counted."""
    try:
        checked(request.architecture, "#/architecture")
        understood(request)
    except RefusedError as refused:
        return [
            Fault(name(tuple(fault.pointer.removeprefix("#/").split("/"))), fault.detail)
            for fault in refused.faults
        ]
    return []


def understood(request: SolveRequest) -> dict[str, Any]:
    """The request with its defaults filled in.

    Raises
    ------
    RefusedError
        The approach cannot be applied.
    """
    asked = SearchRequest.model_construct(**dict(request))
    filled = searches.understood(asked, request.architecture)
    return {"architecture": request.architecture.model_dump(mode="json"), **filled}


def _range(text: str) -> list[int]:
    """Read ``17:32``; a single number is a range of one."""
    low, _, high = text.partition(":")
    return [int(low), int(high or low)]


def _tolerance(text: str) -> float | dict[str, float]:
    """Read ``0.01``, or ``0.01:0`` for below and above."""
    below, colon, above = text.partition(":")
    return {"below": float(below), "above": float(above)} if colon else float(below)
