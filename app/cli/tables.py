"""Tables for terminals."""

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from rich.box import SIMPLE_HEAD
from rich.console import JustifyMethod
from rich.table import Table

from app.cli.folding import block_of

if TYPE_CHECKING:  # a command imports only what it shows
    from app.schemas.architectures import ArchitectureView
    from solver.answers.variants import Variant
    from solver.network.counting import LayerReport

MOST_UNKNOWNS: Final = 10
"""A table has columns of unknowns up to this number; whole networks have many more."""


def layers_table(counted: "ArchitectureView", rows: "Sequence[LayerReport]") -> Table:
    """One line for each layer, or for each block of layers, and the totals."""
    image, counts = counted.architecture.input, counted.counts
    name = counted.architecture.name or "architecture"
    title = f"{name}: {' × '.join(map(str, image.shape))}"
    totals = (counts.params, counts.macs, counts.flops)
    footers = ("total", "", "", *(f"{n:,}" for n in totals), "")
    table = empty_table(title, "layer type output> params> MACs> FLOPs> field>", footers)
    for layer in rows:
        output = " × ".join(str(side) for side in layer.output)
        numbers = (layer.params, layer.macs, layer.flops, layer.receptive_field)
        table.add_row(layer.name, layer.type, output, *(f"{n:,}" for n in numbers))
    table.caption = f"at most {counts.activations:,} elements are alive at once"
    return table


def groups_table(counted: "ArchitectureView", depth: int | None = None) -> Table:
    """One line for each width group, with what keeps it if it may not change.

    With a ``depth``, layers are put together whose names begin with the same parts.
    """
    name = counted.architecture.name or "architecture"
    table = empty_table(f"{name}: width groups", "group width> unit> layers frozen")
    for group in counted.groups:
        layers = group.layers if depth is None else [block_of(it, depth) for it in group.layers]
        numbers = (f"{group.width:,}", f"{group.unit:,}")
        table.add_row(group.name, *numbers, ", ".join(dict.fromkeys(layers)), group.frozen or "")
    free = sum(group.frozen is None for group in counted.groups)
    table.caption = f"{free:,} of {len(counted.groups):,} groups may change"
    return table


def variants_table(variants: Iterable["Variant"], title: str) -> Table:
    """One line for each variant of one approach; its unknowns have a column each."""
    shown = list(variants)
    symbols = [symbol for symbol in shown[0].assignment if symbol != "N"] if shown else []
    unknowns = " ".join(f"{symbol}>" for symbol in symbols)
    table = empty_table(title, f"px> {unknowns} params> Δparams> FLOPs> coverage> field>")
    for variant in shown:
        table.add_row(
            str(variant.resolution),
            *(str(variant.assignment[symbol]) for symbol in symbols),
            f"{variant.counts.params:,}",
            signed(variant.delta.params),
            f"{variant.counts.flops:,}",
            f"{variant.coverage:.0%}",
            f"{variant.receptive_field:,}",
        )
    return table


def neighbours_table(neighbours: Iterable[tuple[str, "Variant"]], title: str) -> Table:
    """One line for each network that comes near, with the amount by which it misses."""
    shown = list(neighbours)
    symbols = [symbol for _, variant in shown[:1] for symbol in variant.assignment if symbol != "N"]
    symbols = symbols if len(symbols) <= MOST_UNKNOWNS else []
    unknowns = " ".join(f"{symbol}>" for symbol in symbols)
    table = empty_table(title, f"which px> {unknowns} params> Δparams> FLOPs> ΔFLOPs>")
    for which, variant in shown:
        counts, delta = variant.counts, variant.delta
        table.add_row(
            which,
            str(variant.resolution),
            *(str(variant.assignment[symbol]) for symbol in symbols),
            f"{counts.params:,}",
            signed(delta.params),
            f"{counts.flops:,}",
            signed(delta.flops),
        )
    return table


def signed(number: int) -> str:
    """A difference with its sign; no sign for 0."""
    return f"{number:+,}" if number else "0"


def empty_table(title: str, headers: str, footers: Sequence[str] = ()) -> Table:
    """An empty table; ``>`` after a header aligns its column to the right."""
    table = Table(title=title or None, title_justify="left", box=SIMPLE_HEAD, collapse_padding=True)
    table.show_footer = bool(footers)
    for header, footer in zip_longest(headers.split(), footers, fillvalue=""):
        justify: JustifyMethod = "right" if header.endswith(">") else "left"
        table.add_column(header.rstrip(">"), footer, justify=justify, overflow="fold")
    return table
