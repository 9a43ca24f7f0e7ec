"""What approach V found, as ``isobudget solve`` shows it: a network has many widths."""

from collections.abc import Sequence
from math import exp, log
from typing import Final

from rich.table import Table

from app.cli.answers import FIRST, print_explanation, variants_of
from app.cli.console import out
from app.cli.tables import empty_table, signed
from solver.answers.variants import Answer, Variant
from solver.problem import BYTES, Best, SolveRequest
from solver.variation.unknown import RESOLUTION
from solver.variation.whole import WholeTemplate

UNITS: Final = {
    "closest": "×{:.4f} as the largest change of a width",
    "max_resolution": "{:,.0f} px",
    "fewest_changes": "{:,.0f} widths that change",
    "min_activations": "{:,.0f} elements alive at once",
}
"""How the value of each objective is written."""


def print_whole(request: SolveRequest, answer: Answer) -> None:
    """Print how the search ended, a line for each variant, and the widths of the first."""
    variants = list(variants_of(request, answer))[:FIRST]
    style = "bold green" if answer.solver.proved else "bold yellow"
    out.print(_verdict(request, answer), style=style, soft_wrap=True)
    print_explanation(answer.explanation)
    if variants:
        out.print(_table(request, variants))
        out.print(_widths(request, variants[0]), soft_wrap=True)


def _verdict(request: SolveRequest, answer: Answer) -> str:
    """What was found, and what is proved of it."""
    if answer.outcome == "infeasible":
        return "infeasible: no widths satisfy all requirements"
    if not len(answer.table):
        return "timed_out: none found, none ruled out; give it more with --time-limit"
    kept, proved = len(answer.table), answer.solver.proved
    number = f"{kept:,} variant{'s' if kept > 1 else ''} of many"
    find = request.settings.find
    if not isinstance(find, Best):
        return f"{number}, drawn to differ"
    if proved:
        return f"{number}; the first is the best by {find.best}: that is proved"
    if answer.solver.bound is None:
        return f"{number}; whether the first is the best by {find.best} is not proved"
    bound = UNITS[find.best].format(answer.solver.bound)
    return f"{number}; the best by {find.best} that was found; the bound is {bound}"


def _table(request: SolveRequest, variants: Sequence[Variant]) -> Table:
    """One line for each variant."""
    headers = "px> changed> largest> params> Δparams> FLOPs> ΔFLOPs> MACs> ΔMACs> memory>"
    table = empty_table("", headers)
    size = BYTES[request.problem.dtype]
    for variant in variants:
        changes = _changes(request, variant)
        counts, delta = variant.counts, variant.delta
        table.add_row(
            f"{variant.resolution}",
            f"{sum(old != new for _, old, new in changes)} of {len(changes)}",
            f"×{_largest(changes):.4f}",
            *(f"{counts.params:,}", signed(delta.params)),
            *(f"{counts.flops:,}", signed(delta.flops)),
            *(f"{counts.macs:,}", signed(delta.macs)),
            f"{counts.activations * size:,} B",
        )
    return table


Changes = Sequence[tuple[str, int, int]]
"""The groups, each with its width in the original and in a variant."""


def _changes(request: SolveRequest, variant: Variant) -> Changes:
    template = request.problem.template
    assert isinstance(template, WholeTemplate)
    own = dict(zip(template.groups.names, template.groups.sizes, strict=True))
    return [
        (name, own[name], new) for name, new in variant.assignment.items() if name != RESOLUTION
    ]


def _largest(changes: Changes) -> float:
    """The largest of ``w'/w`` and ``w/w'``."""
    return exp(max(abs(log(new / old)) for _, old, new in changes))


def _widths(request: SolveRequest, variant: Variant) -> str:
    """The widths of a variant that change."""
    changed = [f"{name} {old}→{new}" for name, old, new in _changes(request, variant) if old != new]
    return f"widths of the first: {', '.join(changed) or 'as they were'}"
