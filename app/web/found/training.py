"""Training variants of a search from its page."""

from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from app.db.identity import variant_id
from app.errors import Fault, RefusedError
from app.schemas.requests import JobRequest
from app.web.forms import Form

CHOICES: Final = ("ticked", "random", "halving")


def job_of(search_id: str, form: Form) -> JobRequest:
    """The job that a form asks for.

    Raises
    ------
    RefusedError
        No variant is ticked, or a number is none.
    fastapi.exceptions.RequestValidationError
        Something else is wrong with it.
    """
    asked: dict[str, Any] = {
        "search_id": search_id,
        "dataset": form.text("dataset"),
        "seeds": _number(form, "seeds", 3),
        "variants": _selection(search_id, form),
    }
    if form.text("epochs"):
        asked["epochs"] = _number(form, "epochs", 0)
    try:
        return JobRequest.model_validate(asked)
    except ValidationError as invalid:
        details = [{**it, "loc": ("body", *it["loc"])} for it in invalid.errors()]
        raise RequestValidationError(details, body=asked) from invalid


def _selection(search_id: str, form: Form) -> dict[str, Any]:
    chosen = form.text("choice", CHOICES[0])
    if chosen != "ticked":
        return {"select": chosen, "count": _number(form, "count", 4)}
    ticked = [int(it) for it in form.all("variant") if it.isascii() and it.isdigit()]
    if not ticked:
        raise RefusedError(Fault("#/variants", "tick the variants to train, or have some drawn"))
    return {"ids": [variant_id(search_id, position) for position in ticked]}


def _number(form: Form, name: str, default: int) -> int:
    """A whole number in a field.

    Raises
    ------
    RefusedError
        It is none.
    """
    text = form.text(name) or str(default)
    if not (text.isascii() and text.isdigit()):
        raise RefusedError(Fault(f"#/{name}", "write a whole number"))
    return int(text)
