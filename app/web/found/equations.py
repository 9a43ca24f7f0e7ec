"""The equations that a search solved, with its network's numbers in them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from app.ui.texts import MINUS, count
from solver.approaches import APPROACHES
from solver.constraints.budget import EqualBudget
from solver.problem import Problem
from solver.variation.polynomial import Polynomial
from solver.variation.symbols import side_symbol
from solver.variation.template import Template

MOST_TERMS: Final = 24
"""Longer sums are cut: whole networks have hundreds of terms."""
_POWERS: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_NAMES: Final = (
    ("equal params", "Parameters"),
    ("equal flops", "FLOPs"),
    ("equal macs", "Multiply-adds"),
)
"""What constraints call their counts, and what readers do."""


@dataclass(frozen=True)
class Equation:
    """An equation in plain text.

    Attributes
    ----------
    title
        What is equal.
    left
        The variant's count, as a sum over the unknowns.
    right
        The original's count, or the band around it.
    symbols
        What each unknown and each map size in it is, by its symbol.
    """

    title: str
    left: str
    right: str
    symbols: Mapping[str, str]


def equations(problem: Problem) -> list[Equation]:
    """The budgets that a problem keeps."""
    budgets = APPROACHES[problem.approach].budgets(problem, problem.template)
    wanted = [it for name, it in budgets.items() if problem.budget in (name, "both")]
    return [_equation(budget, problem.template) for budget in wanted]


def _equation(budget: EqualBudget, template: Template) -> Equation:
    known = _unknowns(template) | _sides(template, budget.polynomial)
    names = {it: known.get(it, (f"{it}'", ""))[0] for it in budget.polynomial.symbols}
    band = budget.band
    right = f"= {count(budget.target)}"
    if band.low < band.high:
        right = f"from {count(band.low)} to {count(band.high)}"
    title = budget.name
    for name, words in _NAMES:
        title = title.replace(name, words)
    meanings = {known[it][0]: known[it][1] for it in known if it in budget.polynomial.symbols}
    return Equation(title, _left(budget, names), right, meanings)


def _unknowns(template: Template) -> dict[str, tuple[str, str]]:
    """The name of each unknown that is a field of a layer, and the words for it."""
    return {
        it.symbol: (
            f"{it.symbol}'",
            f"{it.field.replace('_', ' ')} of {template.layers[template.places[it.layer]].name}",
        )
        for it in template.unknowns
        if it.layer in template.places
    }


def _sides(template: Template, of: Polynomial) -> dict[str, tuple[str, str]]:
    """The name of each map's side in a polynomial, and the words for it."""
    layers = enumerate(template.layers)
    behind = {side_symbol(place + 1): layer.name for place, layer in layers}
    known = [symbol for symbol in behind if symbol in of.symbols]
    return {
        symbol: (f"M{number}'", f"side of the map behind {behind[symbol]}")
        for number, symbol in enumerate(known, 1)
    }


def _left(budget: EqualBudget, names: Mapping[str, str]) -> str:
    """The sum, with the width that pays taken out of its terms."""
    if budget.width is None or budget.width not in budget.polynomial.symbols:
        return _sum(budget.polynomial, names)
    weight, rest = budget.polynomial.collect(budget.width)
    paid = f"{names[budget.width]}·({_sum(weight, names)})"
    return f"{paid} + {_sum(rest, names)}" if rest.terms else paid


def _sum(of: Polynomial, names: Mapping[str, str]) -> str:
    ordered = sorted(of, key=lambda term: (-len(term[0]), term[0]))
    shown = [*_terms(ordered[:MOST_TERMS], names)]
    if len(ordered) > MOST_TERMS:
        shown.append(f"… and {len(ordered) - MOST_TERMS} more terms")
    return " + ".join(shown).replace("+ -", f"{MINUS} ") or "0"


def _terms(ordered: list[tuple[tuple[str, ...], int]], names: Mapping[str, str]) -> Iterator[str]:
    for monomial, factor in ordered:
        powers = Counter(names[symbol] for symbol in monomial)
        unknowns = [it + (str(n).translate(_POWERS) if n > 1 else "") for it, n in powers.items()]
        is_hidden = factor == 1 and unknowns
        yield "·".join([*([] if is_hidden else [f"{factor:,}"]), *unknowns])
