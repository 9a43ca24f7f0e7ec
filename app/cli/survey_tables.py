"""Tables of ``isobudget feasible`` for terminals."""

from collections.abc import Iterable, Sequence

from rich.table import Table

from app.cli.tables import empty_table
from solver.survey.feasibility import NearestOriginals, NearOriginal, Share
from solver.variation.tolerance import Tolerance


def shares_table(shares: Iterable[Share]) -> Table:
    """One line for each approach, budget and tolerance."""
    table = empty_table("", "approach budget tolerance feasible> originals> share> median> yours>")
    for share in shares:
        table.add_row(
            share.approach,
            share.budget,
            band(share.tolerance),
            f"{share.feasible:,}",
            f"{share.originals:,}",
            "–" if share.share is None else f"{share.share:.1%}",
            "–" if share.median is None else f"{share.median:,.1f}".removesuffix(".0"),
            "–" if share.own is None else f"{share.own:,}",
        )
    return table


def nearest_table(nearest: Sequence[NearestOriginals]) -> Table:
    """One line for each original; budgets with the same originals share their lines."""
    within = band(nearest[0].tolerance)
    title = f"nearest to yours that have variants ({within})"
    table = empty_table(title, "approach budget variants> change")
    groups: dict[tuple[str, tuple[tuple[str, str], ...]], list[str]] = {}
    for group in nearest:
        lines = tuple((f"{near.found:,}", _changes(near)) for near in group.originals)
        groups.setdefault((group.approach, lines), []).append(group.budget)
    for (approach, lines), budgets in groups.items():
        table.add_section()
        for place, line in enumerate(lines):
            table.add_row(*(("", "") if place else (approach, ", ".join(budgets))), *line)
    return table


def _changes(near: NearOriginal) -> str:
    changes = [f"{name} {own} → {value}" for name, (own, value) in near.changes.items()]
    return "\n".join(changes) or "none: it is yours"


def band(tolerance: Tolerance) -> str:
    """``exact``, ``±1%`` or ``−2% +0%``."""
    if tolerance == Tolerance():
        return "exact"
    below, above = (f"{100 * part:g}%" for part in (tolerance.below, tolerance.above))
    return f"±{above}" if below == above else f"−{below} +{above}"
