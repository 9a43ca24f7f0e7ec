"""The tables of README.md and docs/whole-networks.md, from what benchmarks measured.

``python -m benchmarks.whole_tables NETWORK.json RIVALS.json GRID.json`` takes what
``benchmarks.whole_network``, ``whole_rivals`` and ``mobilenet_grid`` print with ``--json``, and
writes each table between ``<!-- table NAME -->`` and ``<!-- end -->`` in these files.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from benchmarks.mobilenet_grid import PUBLISHED, Cell, pairs
from benchmarks.whole_cases import CASES, NETWORKS
from benchmarks.whole_rivals import CASES as RIVAL_CASES

Figures: TypeAlias = Mapping[str, float]
Rows: TypeAlias = Iterator[Sequence[str]]

ROOT: Final = Path(__file__).parent.parent
FILES: Final = ("README.md", "docs/whole-networks.md")
METHODS: Final = {
    "random": "random search",
    "evolution": "differential evolution",
    "tpe": "TPE",
    "nsga2": "NSGA-II",
    "compound": "one multiplier",
    "cpsat": "CP-SAT alone",
}
END: Final = "<!-- end -->"
NONE: Final = "none"
"""What is shown where a figure is not there: there is no answer."""


def equal(figures: Figures) -> Rows:
    """Networks with exactly equal counts: how fast, and with how little change."""
    yield "network", "at", "parameters", "MACs", "missed", "largest change", "seconds"
    for name, resolution in dict.fromkeys(case[:2] for case in CASES):
        cases = [f"{name}_{resolution}_step{step}" for step in (1, 8)]
        changes = [figures.get(f"closest_exact_{case}_percent") for case in cases]
        seconds = [figures.get(f"exact_{case}_s") for case in cases]
        yield (
            name,
            f"{resolution} px",
            f"{figures[f'{name}_params']:,.0f}",
            f"{figures[f'{name}_macs']:,.0f}",
            "0, 0",
            " / ".join(_change(it) for it in changes),
            " / ".join(_seconds(it) for it in seconds),
        )


def goals(figures: Figures) -> Rows:
    """All cases together, beside what was to be reached."""
    yield "processor seconds", "median", "worst", "goal"
    for step, most in ((1, "0.1 and 1"), (8, "0.2 and 4")):
        ends = (_seconds(figures[f"exact_{it}_s_step{step}"]) for it in ("median", "worst"))
        yield f"exactly equal, widths in steps of {step}", *ends, most
    worst = (
        ("impossible_worst_s", "the proof that nothing is exactly equal", "0.05"),
        ("closest_worst_s", "the smallest largest change within 0.1 %, proved", "0.5"),
        ("largest_worst_s", "the highest resolution within 0.1 %, proved", "1.5"),
    )
    for name, what, most in worst:
        yield what, "", _seconds(figures[name]), most


def highest(figures: Figures) -> Rows:
    """The highest resolutions, within the tolerance and exactly."""
    yield "network", "within 0.1 %", "seconds", "exactly equal", "not ruled out", "seconds"
    for name in NETWORKS:
        near, exact = f"largest_{name}_step1", f"largest_exact_{name}_step1"
        bound = figures.get(f"{exact}_bound_px")
        yield (
            name,
            _pixels(figures.get(f"{near}_px")),
            _seconds(figures[f"{near}_s"]),
            _pixels(figures.get(f"{exact}_px")),
            "nothing higher" if bound is None else f"up to {_pixels(bound)}",
            _seconds(figures[f"{exact}_s"]),
        )


def rivals(figures: Figures) -> Rows:
    """What other searches miss in ten seconds: parameters, and MACs."""
    shown = [it for it in METHODS if f"{it}_{RIVAL_CASES[0].key}_missed_macs" in figures]
    yield "network", "ours, seconds", *(METHODS[it] for it in shown)
    for case in RIVAL_CASES:
        keys = [f"{it}_{case.key}_missed" for it in shown]
        misses = [[figures.get(f"{it}_{what}") for what in ("params", "macs")] for it in keys]
        yield (
            f"{case.network}, {case.resolution} px, step {case.step}",
            _seconds(figures[f"ours_{case.key}_s"]),
            *("; ".join(NONE if it is None else f"{it:,.0f}" for it in pair) for pair in misses),
        )


def grid(figures: Figures) -> Rows:
    """MobileNetV2's own pairs of about equal MACs, and the networks with equal counts."""
    head = "wide", "top-1", "narrow", "top-1", "MACs", "parameters"
    yield *head, "both equal at", "largest change"
    for wide, narrow in pairs():
        key = f"{wide.key}_{narrow.key}"
        change = figures.get(f"{key}_percent")
        yield (
            *(it for cell in (wide, narrow) for it in (str(cell), f"{PUBLISHED[cell]} %")),
            *(_more(figures, wide, narrow, what) for what in ("macs", "params")),
            _pixels(figures.get(f"{key}_px")),
            _change(change),
        )


def _more(figures: Figures, wide: Cell, narrow: Cell, what: str) -> str:
    """How much more the narrow network has, in percent."""
    return f"{100 * (figures[f'{narrow.key}_{what}'] / figures[f'{wide.key}_{what}'] - 1):+.1f} %"


def _change(percent: float | None) -> str:
    return NONE if percent is None else f"×{1 + percent / 100:.3f}"


def _seconds(figure: float | None) -> str:
    return NONE if figure is None else f"{figure:.2f}" if figure >= 0.1 else f"{figure:.3f}"


def _pixels(figure: float | None) -> str:
    return NONE if figure is None else f"{figure:.0f} px"


def markdown(rows: Rows) -> str:
    """A table; its first row is the head."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    lines.insert(1, "|---" * (lines[0].count("|") - 1) + "|")
    return "\n".join(lines)


def filled(text: str, tables: Mapping[str, str]) -> str:
    """A text with the tables between their marks."""

    def table(found: re.Match[str]) -> str:
        shown = tables.get(found["name"])
        return found[0] if shown is None else f"{found['mark']}\n\n{shown}\n\n{END}"

    return re.sub(f"(?P<mark><!-- table (?P<name>\\w+) -->).*?{END}", table, text, flags=re.DOTALL)


def main(network: str, others: str, own_grid: str) -> None:
    """Write all tables."""
    read = [json.loads(Path(it).read_text()) for it in (network, others, own_grid)]
    tables = {
        "equal": equal(read[0]),
        "goals": goals(read[0]),
        "highest": highest(read[0]),
        "rivals": rivals(read[1]),
        "grid": grid(read[2]),
    }
    shown = {name: markdown(rows) for name, rows in tables.items()}
    for name in FILES:
        path = ROOT / name
        path.write_text(filled(path.read_text(), shown))


if __name__ == "__main__":
    main(*sys.argv[1:])
