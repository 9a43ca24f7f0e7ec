"""Tables for terminals."""

from collections.abc import Iterable, Sequence
from itertools import zip_longest

from rich.box import SIMPLE_HEAD
from rich.console import JustifyMethod
from rich.table import Table

from app.schemas.architectures import ArchitectureView
from app.ui.experiment import Row
from app.ui.sentences import percent, points
from solver.answers.variants import Variant
from solver.survey.feasibility import NearestOriginals, NearOriginal, Share
from solver.variation.tolerance import Tolerance


def layers_table(counted: ArchitectureView) -> Table:
    """One line for each layer, and the totals."""
    image, counts = counted.architecture.input, counted.counts
    name = counted.architecture.name or "architecture"
    title = f"{name}: {' × '.join(map(str, image.shape))}"
    totals = (counts.params, counts.macs, counts.flops)
    footers = ("total", "", "", *(f"{n:,}" for n in totals), "")
    table = _table(title, "layer type output> params> MACs> FLOPs> field>", footers)
    for layer in counted.layers:
        output = " × ".join(str(side) for side in layer.output)
        numbers = (layer.params, layer.macs, layer.flops, layer.receptive_field)
        table.add_row(layer.name, layer.type, output, *(f"{n:,}" for n in numbers))
    table.caption = f"at most {counts.activations:,} elements are alive at once"
    return table


def variants_table(variants: Iterable[Variant], title: str) -> Table:
    """One line for each variant of one approach; its unknowns have a column each."""
    shown = list(variants)
    symbols = [symbol for symbol in shown[0].assignment if symbol != "N"] if shown else []
    unknowns = " ".join(f"{symbol}>" for symbol in symbols)
    table = _table(title, f"px> {unknowns} params> Δparams> FLOPs> coverage> field>")
    for variant in shown:
        table.add_row(
            str(variant.resolution),
            *(str(variant.assignment[symbol]) for symbol in symbols),
            f"{variant.counts.params:,}",
            _signed(variant.delta.params),
            f"{variant.counts.flops:,}",
            f"{variant.coverage:.0%}",
            f"{variant.receptive_field:,}",
        )
    return table


def neighbours_table(neighbours: Iterable[tuple[str, Variant]], title: str) -> Table:
    """One line for each network that comes near, with the amount by which it misses."""
    shown = list(neighbours)
    symbols = [symbol for _, variant in shown[:1] for symbol in variant.assignment if symbol != "N"]
    unknowns = " ".join(f"{symbol}>" for symbol in symbols)
    table = _table(title, f"which px> {unknowns} params> Δparams> FLOPs> ΔFLOPs>")
    for which, variant in shown:
        counts, delta = variant.counts, variant.delta
        table.add_row(
            which,
            str(variant.resolution),
            *(str(variant.assignment[symbol]) for symbol in symbols),
            f"{counts.params:,}",
            _signed(delta.params),
            f"{counts.flops:,}",
            _signed(delta.flops),
        )
    return table


def results_table(rows: Iterable[Row], title: str) -> Table:
    """One line for each trained network."""
    table = _table(title, "network px> params> accuracy> ±sd> seeds> gain> remarks")
    for row in rows:
        table.add_row(
            row.label,
            str(row.resolution),
            "–" if row.params is None else f"{row.params:,}",
            percent(row.mean),
            percent(row.sd),
            str(row.n),
            points(row.gain),
            ", ".join(row.remarks),
        )
    return table


def shares_table(shares: Iterable[Share]) -> Table:
    """One line for each approach, budget and tolerance."""
    table = _table("", "approach budget tolerance feasible> originals> share> median> yours>")
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
    table = _table(title, "approach budget variants> change")
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


def _signed(number: int) -> str:
    return f"{number:+,}" if number else "0"


def _table(title: str, headers: str, footers: Sequence[str] = ()) -> Table:
    """An empty table; ``>`` after a header aligns its column to the right."""
    table = Table(title=title or None, title_justify="left", box=SIMPLE_HEAD, collapse_padding=True)
    table.show_footer = bool(footers)
    for header, footer in zip_longest(headers.split(), footers, fillvalue=""):
        justify: JustifyMethod = "right" if header.endswith(">") else "left"
        table.add_column(header.rstrip(">"), footer, justify=justify, overflow="fold")
    return table
