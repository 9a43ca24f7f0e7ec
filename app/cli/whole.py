"""What approach V found, as ``isobudget solve`` shows it: a network has many widths."""

from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

from rich.table import Table

from app.cli.answers import FIRST, nearest_title, neighbours, print_reasons, variants_of
from app.cli.console import out
from app.cli.tables import empty_table, signed
from solver.answers.variants import Answer, Explanation, Variant
from solver.network.architecture import Input
from solver.problem import BYTES, Best, SolveRequest
from solver.variation.whole import WholeTemplate

UNITS: Final = {
    "closest": "×{:.4f} as the largest change of a width",
    "max_resolution": "{:,.0f} px",
    "fewest_changes": "{:,.0f} widths that change",
    "min_activations": "{:,.0f} elements alive at once",
}
"""How the value of each objective is written."""
WORDS: Final = {"flops": "FLOPs", "macs": "MACs"}
MEGABYTE: Final = 1_000_000


def print_whole(request: SolveRequest, answer: Answer) -> None:
    """Print how the search ended, a line for each variant, and the widths of the first."""
    variants = list(variants_of(request, answer))[:FIRST]
    style = "bold green" if answer.solver.proved else "bold yellow"
    out.print(_verdict(request, answer), style=style, soft_wrap=True)
    if answer.explanation is not None:
        _print_explanation(request, answer.explanation)
    if variants:
        out.print(_table(request, variants))
        out.print(f"widths of the first: {_widths(request, variants[0])}", soft_wrap=True)


def _print_explanation(request: SolveRequest, explanation: Explanation) -> None:
    """Say what stands in the way of an answer, what comes nearest, and what would open one."""
    print_reasons(explanation)
    if near := neighbours(explanation):
        names, variants = zip(*near, strict=True)
        out.print(_table(request, variants, nearest_title(near), names))
    if explanation.nearest is not None:
        widths = _widths(request, explanation.nearest)
        out.print(f"widths of the nearest: {widths}", soft_wrap=True)
    if explanation.tolerance is not None:
        out.print(f"--tolerance {explanation.tolerance} would open one")


def _verdict(request: SolveRequest, answer: Answer) -> str:
    """What was found, and what is proved of it."""
    if answer.outcome == "infeasible":
        return "infeasible: no widths satisfy all requirements"
    if not len(answer.table):
        bound = f"{_bound(request, answer)}; " if answer.solver.bound is not None else ""
        return f"timed_out: none found, none ruled out; {bound}give it more with --time-limit"
    kept, proved = len(answer.table), answer.solver.proved
    number = f"{kept:,} variant{'s' if kept > 1 else ''} of many"
    find = request.settings.find
    if not isinstance(find, Best):
        return f"{number}, drawn to differ"
    if proved:
        return f"{number}; the first is the best by {find.best}: that is proved"
    if answer.solver.bound is None:
        return f"{number}; whether the first is the best by {find.best} is not proved"
    bound = _bound(request, answer)
    return f"{number}; the best by {find.best} that was found; {bound}"


def _bound(request: SolveRequest, answer: Answer) -> str:
    """What no solution is better than, as it is proved."""
    find = request.settings.find
    assert isinstance(find, Best), "samples have no bound"
    return f"the bound is {UNITS[find.best].format(answer.solver.bound)}"


def _table(
    request: SolveRequest, variants: Sequence[Variant], title: str = "", names: Sequence[str] = ()
) -> Table:
    """One line for each variant, with what is asked to stay equal.

    Variants with names have these in place of their memory.
    """
    problem = request.problem
    costs = [("params", "params"), (problem.count, WORDS[problem.count])]
    headers = "".join(f" {word}> Δ{word}>" for _, word in costs)
    columns = f"px> changed> largest>{headers}"
    table = empty_table(title, f"which {columns}" if names else f"{columns} memory>")
    for variant, name in zip_longest(variants, names):
        changes = _changes(request, variant)
        number = sum(old != new for _, old, new in changes)
        table.add_row(
            *([name] if names else []),
            _pixels(variant.architecture.input),
            f"{number}/{len(changes)}",
            f"×{_template(request).largest_change(variant.assignment):.3f}",
            *(
                text
                for name, _ in costs
                for text in (
                    f"{getattr(variant.counts, name):,}",
                    signed(getattr(variant.delta, name)),
                )
            ),
            *([] if names else [_bytes(variant.counts.activations * BYTES[problem.dtype])]),
        )
    return table


def _pixels(image: Input) -> str:
    """The side of square images, or both sides of others."""
    _, height, width = image.shape
    return f"{height}" if height == width else f"{height}×{width}"


def _bytes(number: int) -> str:
    """A number of bytes in MB, or in kB if there are few."""
    return f"{number / 1e6:,.1f} MB" if number >= MEGABYTE else f"{number / 1e3:,.1f} kB"


Changes = Sequence[tuple[str, int, int]]
"""The groups, each with its width in the original and in a variant."""


def _changes(request: SolveRequest, variant: Variant) -> Changes:
    own = _template(request).own
    return [(name, old, variant.assignment[name]) for name, old in own.items()]


def _template(request: SolveRequest) -> WholeTemplate:
    template = request.problem.template
    assert isinstance(template, WholeTemplate)
    return template


def _widths(request: SolveRequest, variant: Variant) -> str:
    """The widths of a variant that change, in words."""
    changed = [f"{name} {old}→{new}" for name, old, new in _changes(request, variant) if old != new]
    return ", ".join(changed) or "as they were"
