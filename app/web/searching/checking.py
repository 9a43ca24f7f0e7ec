"""Checks what a form asks: the network in it, and the question about that network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from pydantic import ValidationError

from app.schemas.requests import SearchRequest
from app.schemas.search_terms import SearchTerms
from app.services.asking import HangUp
from app.services.counting import Counting
from app.services.tallies import Tally
from app.ui.sentences import budget_of
from app.web.forms import Form
from app.web.searching.documents import is_request, terms_in
from app.web.searching.draft import Draft
from app.web.searching.fields import LABELS, RANGES
from app.web.searching.question import asked
from solver.approaches import APPROACHES
from solver.network.architecture import Architecture
from solver.network.schema import Fault, Place
from solver.network.sentences import place_in, sentence
from solver.problem import Problem
from solver.variation.whole import WholeTemplate


class Complaint(NamedTuple):
    """What is wrong with a field: its name, empty if there is none; its label; and the reason."""

    field: str
    label: str
    detail: str


@dataclass(frozen=True)
class Checked:
    """A form that was looked through.

    Attributes
    ----------
    request
        The search; ``None`` if something is wrong with the network or the question.
    complaints
        What is wrong with the question.
    """

    draft: Draft
    request: SearchRequest | None
    complaints: Sequence[Complaint]

    @property
    def problem(self) -> Problem | None:
        """What is to be counted or solved."""
        if self.request is None or self.request.architecture is None:
            return None
        return Problem.of(self.request.question, self.request.architecture)

    @property
    def free_widths(self) -> int:
        """How many widths approach V may change."""
        template = self.problem and self.problem.template
        if not isinstance(template, WholeTemplate):
            return 0
        return sum(it.only is None for it in template.widths.values())

    @property
    def budget(self) -> str:
        """What stays equal, in words."""
        return budget_of(self.request.question) if self.request else ""

    def wrong(self, field: str) -> str:
        """What is wrong with a field, in words; empty if nothing is."""
        return "; ".join(it.detail for it in self.complaints if it.field == field)


def checked(form: Form) -> Checked:
    """Look through a form; a whole request in its text says itself what is asked."""
    draft = Draft.of(form.text("architecture"))
    original = draft.architecture
    if is_request(draft.document):
        document = terms_in(draft.document)
    else:
        document = asked(form, original.resolution if original else None)
    try:
        terms = SearchTerms.model_validate(document)
    except ValidationError as invalid:
        faults = [(place_in(document, it["loc"]), sentence(it)) for it in invalid.errors()]
        return Checked(draft, None, [*map(_complaint, faults)])
    if original is None:
        return Checked(draft, None, ())
    approach = APPROACHES[terms.question.approach]
    if misfits := [*approach.faults(terms.question, original)]:
        return Checked(draft, None, [*map(_complaint, misfits)])
    request = SearchRequest(question=terms.question, settings=terms.settings, architecture=original)
    return Checked(draft, request, ())


_NAMES: Final[Mapping[str, str]] = {**LABELS, **{f"ranges.{it.name}": it.label for it in RANGES}}


def _complaint(fault: Fault) -> Complaint:
    """A fault at the field that it is about: the longest part of its place that names one."""
    place, reason = fault
    for end in range(len(place), 0, -1):
        if (name := ".".join(map(str, place[:end]))) in _NAMES:
            return Complaint(name, _NAMES[name], reason)
    return Complaint("", _words(place), reason)


def _words(place: Place) -> str:
    match place:
        case ("architecture", "layers", int() as layer, *_):
            return f"Layer {layer}"
        case ("architecture", *_):
            return "Network"
        case _:
            return ".".join(map(str, place)) or "Question"


async def tally(checked: Checked, counting: Counting, hang_up: HangUp) -> Tally | None:
    """The number of variants; ``None`` where there is nothing to count, or too much (V)."""
    problem = checked.problem
    if problem is None or problem.is_whole:
        return None
    return await counting.tally(problem, hang_up)


def fitting(architecture: Architecture) -> Sequence[tuple[str, str]]:
    """Each approach, and why it does not fit a network; empty if it does."""
    found = ((name, approach.misfit(architecture)) for name, approach in APPROACHES.items())
    return [(name, misfit[1] if misfit else "") for name, misfit in found]
