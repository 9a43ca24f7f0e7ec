"""What a form asks about a network, as the fields of a search request."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.api.query import FORMS
from app.web.forms import Form
from app.web.searching.fields import RANGES
from solver.approaches import APPROACHES
from solver.problem import Question
from solver.variation.unknown import MAX_WIDTH, Range
from solver.variation.width_terms import WidthTerms

MOST_DIGITS: Final = 30
"""Characters of a text that is read as a number."""
NUMBERS: Final = ("min_coverage", "max_activation_bytes", "max_params", "limit", "time_limit")
CHOICES: Final = ("scope", "count", "dtype")
OF_PARTS: Final = frozenset({"scope", "min_coverage"})
OF_WHOLE: Final = frozenset({"count", "dtype", "max_activation_bytes", "max_params"})


def number(text: str) -> int | float | str:
    """A number as JSON would write it; other text stays, to be refused where it belongs."""
    if len(text) <= MOST_DIGITS:
        if FORMS[int].pattern.fullmatch(text):
            return int(text)
        if FORMS[float].pattern.fullmatch(text):
            return float(text)
    return text


def asked(form: Form, resolution: int | None) -> dict[str, Any]:
    """The fields of a request that a form sets; those that its approach does not know are left out.

    ``resolution`` is that of the original, which an end of a range that is left out depends on.
    """
    approach = form.text("approach")
    is_whole = approach in APPROACHES and APPROACHES[approach].is_whole
    strange = OF_PARTS if is_whole else OF_WHOLE
    known = {name: form.text(name) for name in (*NUMBERS, *CHOICES) if name not in strange}
    return {
        "approach": approach,
        "budget": form.text("budget"),
        "count_pooling": form.checked("count_pooling"),
        **({} if is_whole else {"kernel_grows": form.checked("kernel_grows")}),
        **{name: _value(name, text) for name, text in known.items() if text},
        "tolerance": {side: number(form.text(f"tolerance.{side}") or "0") for side in SIDES},
        "ranges": dict(_ranges(form, approach, resolution)),
        **({"widths": dict(_widths(form))} if is_whole else {}),
        **_find(form, is_whole=is_whole),
    }


SIDES: Final = ("below", "above")


def _value(name: str, text: str) -> int | float | str:
    value = text if name in CHOICES else number(text)
    return float(value) if name == "time_limit" and isinstance(value, int) else value


def _ranges(form: Form, approach: str, resolution: int | None) -> Iterator[tuple[str, Any]]:
    """The ranges of an approach that were written; an end that was not has its default."""
    for field in RANGES:
        low, high = (form.text(f"ranges.{field.name}.{end}") for end in ("low", "high"))
        if approach in field.approaches and (low or high):
            default = _default_range(field.name, approach, resolution)
            yield field.name, [number(low or str(default.low)), number(high or str(default.high))]


def _default_range(name: str, approach: str, resolution: int | None) -> Range:
    """The range that an approach takes where none is written; any where that is not known."""
    question = Question(approach=approach, budget="params")
    ranges = question.filled_for(resolution).ranges if resolution else question.ranges
    return getattr(ranges, name) or Range(1, MAX_WIDTH)


def _find(form: Form, *, is_whole: bool) -> dict[str, Any]:
    """Which solutions to answer; of approach V, all means what it answers where nothing is said."""
    match form.text("find"):
        case "sample":
            fields = {name: form.text(f"find.{name}") for name in ("sample", "seed")}
            return {"find": {"sample": 100} | _given(fields)}
        case "best":
            fields = {"top": form.text("find.top")}
            objective = form.text(f"find.best.{'whole' if is_whole else 'parts'}")
            is_diverse = form.checked("find.diverse")
            return {"find": {"best": objective, **_given(fields), "diverse": is_diverse}}
        case "all" if is_whole:
            return {}
        case find:
            return {"find": find}


def _given(fields: Mapping[str, str]) -> dict[str, Any]:
    return {name: number(text) for name, text in fields.items() if text}


def _widths(form: Form) -> Iterator[tuple[str, Any]]:
    """What is asked of the widths."""
    low, high = (form.text(f"widths.ratio.{end}") for end in ("low", "high"))
    if low or high:
        least, most = WidthTerms().ratio
        yield "ratio", [number(low or str(least)), number(high or str(most))]
    if step := form.text("widths.step"):
        yield "step", number(step)
    if freeze := form.text("widths.freeze").replace(",", " ").split():
        yield "freeze", freeze
    if groups := dict(map(_group, form.text("widths.groups").split())):
        yield "groups", groups
    for name in ("grouped", "squeeze"):
        if choice := form.text(f"widths.{name}"):
            yield name, choice


def _group(text: str) -> tuple[str, Any]:
    """Read ``conv1=32:96``; a single number is a range of one."""
    name, _, bounds = text.partition("=")
    low, _, high = bounds.partition(":")
    return name, [number(low), number(high or low)]
