from collections.abc import Iterator, Sequence

import pytest

from benchmarks import whole_tables
from benchmarks.mobilenet_grid import Cell
from benchmarks.whole_cases import CASES
from benchmarks.whole_tables import filled, markdown


def rows() -> Iterator[Sequence[str]]:
    yield "network", "at"
    yield "resnet18", "256 px"


def test_a_table_has_a_head_and_a_row_for_each() -> None:
    assert markdown(rows()).splitlines() == [
        "| network | at |",
        "|---|---|",
        "| resnet18 | 256 px |",
    ]


def test_tables_are_written_between_their_marks_and_nothing_else_changes() -> None:
    one, two = "<!-- table one -->\n\nold\n\n<!-- end -->", "<!-- table two -->\n<!-- end -->"
    text = f"before\n{one}\nafter {two}\n"
    once = filled(text, {"one": r"new \1", "three": "elsewhere"})
    assert once == text.replace("old", r"new \1")
    assert filled(once, {"one": r"new \1"}) == once


def test_what_has_no_answer_is_shown_as_none() -> None:
    figures = {f"{case.network}_{what}": 1234.0 for case in CASES for what in ("params", "macs")}
    figures |= {
        "closest_exact_resnet18_256_step1_percent": 25.49,
        "exact_resnet18_256_step1_s": 0.0264,
        "exact_resnet18_256_step8_s": 1.25,
    }
    head, first, *_ = whole_tables.equal(figures)
    assert len(head) == len(first)
    assert first == (
        *("resnet18", "256 px", "1,234", "1,234", "0, 0"),
        *("×1.255 / none", "0.026 / 1.25"),
    )


def test_the_narrow_networks_surplus_is_a_percentage(monkeypatch: pytest.MonkeyPatch) -> None:
    wide, narrow = Cell(1.0, 128), Cell(0.5, 224)
    monkeypatch.setattr(whole_tables, "pairs", lambda: [(wide, narrow)])
    figures = {
        **{"1x128_macs": 100.0, "0.5x224_macs": 98.0, "1x128_params": 4.0, "0.5x224_params": 3.0},
        **{"1x128_0.5x224_px": 222.0, "1x128_0.5x224_percent": 150.0},
    }
    *_, row = whole_tables.grid(figures)
    assert row[4:] == ("-2.0 %", "-25.0 %", "222 px", "×2.500")
