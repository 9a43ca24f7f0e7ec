from array import array

import pytest

from solver.answers.table import AnswerTable

ROWS = [(1, -2), (3, 2**60), (5, 6)]


def test_a_table_keeps_its_rows_by_column() -> None:
    table = AnswerTable.of(("a", "b"), ROWS)
    assert (table.names, len(table)) == (("a", "b"), 3)
    assert list(table.rows()) == ROWS
    assert list(table.rows(("b",), start=1)) == [(2**60,), (6,)]
    assert table["a"].tolist() == [1, 3, 5]


@pytest.mark.parametrize("rows", [[], ROWS])
def test_bytes_make_the_same_table(rows: list[tuple[int, int]]) -> None:
    table = AnswerTable.of(("a", "b"), rows)
    assert list(AnswerTable.from_bytes(("a", "b"), table.to_bytes()).rows()) == rows


def test_a_table_without_columns_is_empty() -> None:
    assert len(AnswerTable.of(())) == len(AnswerTable.from_bytes((), b"")) == 0


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        AnswerTable({"a": array("q", [1]), "b": array("q")})
