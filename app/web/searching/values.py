"""What stands in the fields of the form, by their names, for a question that is known."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from app.schemas.search_terms import SearchTerms
from app.web.forms import Form
from app.web.searching.fields import FIELDS
from solver.approaches import APPROACHES
from solver.network.architecture import Architecture
from solver.problem import Question, Settings

Values: TypeAlias = Mapping[str, str]
"""The text of each field; a box that is ticked has some text."""
TICKED: Final = "on"
PREFERRED: Final = ("IV", "V")
"""The approaches that a new form asks for: the first that fits the network."""
ALWAYS: Final = ("approach", "budget", "find", "count_pooling", "kernel_grows")
"""What a form says although it is the default: choices that are always made."""


def new(architecture: Architecture | None) -> Values:
    """What a new form asks about a network."""
    fits = (it for it in PREFERRED if architecture and APPROACHES[it].misfit(architecture) is None)
    approach = next(fits, PREFERRED[0])
    ticked = dict.fromkeys(("count_pooling", "kernel_grows"), TICKED)
    return {"approach": approach, "budget": "params", "find": "all", **ticked}


def sent(form: Form) -> Values:
    """What stood in a form that was sent."""
    return {name: form.text(name) for name in FIELDS}


def of_terms(terms: SearchTerms, resolution: int) -> Values:
    """A form that asks the same; what is left to the defaults stays empty."""
    question, settings = terms.question, terms.settings
    usual = Question(approach=question.approach, budget=question.budget)
    own = dict(_flat("", _document(question.filled_for(resolution), settings)))
    left_out = dict(_flat("", _document(usual.filled_for(resolution), Settings())))
    return {
        name: text
        for name, text in own.items()
        if name.split(".")[0] in ALWAYS or text != left_out.get(name)
    }


def _document(question: Question, settings: Settings) -> dict[str, Any]:
    """The request, with its parts in the form that the fields have."""
    document = question.model_dump(mode="json") | settings.model_dump(mode="json")
    if widths := document["widths"]:
        widths["freeze"] = ", ".join(widths["freeze"])
        groups = widths["groups"].items()
        widths["groups"] = "\n".join(f"{name}={low}:{high}" for name, (low, high) in groups)
    find = document["find"]
    if isinstance(find, dict):
        kind = "best" if "best" in find else "sample"
        if kind == "best":
            find["best"] = {"whole" if question.is_whole else "parts": find["best"]}
        document["find"] = {"": kind, **find}
    return document


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """The texts of all values in a document, by their places; a pair has a low and a high end."""
    match value:
        case None | False:
            return
        case True:
            yield name, TICKED
        case dict():
            for key, inner in value.items():
                yield from _flat(".".join(part for part in (name, key) if part), inner)
        case [low, high]:
            yield from _flat(name, {"low": low, "high": high})
        case _:
            yield name, str(value).removesuffix(".0")
