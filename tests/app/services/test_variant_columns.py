import numpy as np
import pytest

from app.db import variants
from app.db.engine import Database
from app.db.errors import NotFoundError
from app.services import variant_columns
from app.services.variant_columns import ACCURACY, MEASURES, Table
from tests.factories import queued_search, solved_search


def test_columns_hold_what_the_rows_do(database: Database) -> None:
    with database.write() as session:
        id_ = solved_search(session).id
    with database.read() as session:
        rows = variants.stretch(session, id_, 0, 10_000)

    found = variant_columns.of_search(database, id_)
    columns = found.columns(found.table.names)

    assert len(rows) == 1556
    for name in MEASURES:
        np.testing.assert_allclose(columns[name], [getattr(row, name) for row in rows])
    for place, symbol in enumerate(found.deriver.symbols[1:], 1):
        np.testing.assert_array_equal(columns[symbol + "'"], [row.unknowns[place] for row in rows])


def test_each_column_is_read_once() -> None:
    asked = []

    def read(names: object) -> list[str]:
        asked.append(names)
        return ["1,0", "30,20"]

    table = Table(["N", "K1"], read)
    first, second = table.columns(["params"]), table.columns(["params"])

    assert asked == [["position", "params"]]
    assert first["params"] is second["params"]


def test_columns_stand_in_the_order_of_positions_whatever_order_they_are_read_in() -> None:
    table = Table(["N", "K1"], lambda names: ["2,0,1", "0.5,1,0.25", "[8,3],[6, 4],[7,5]"])

    columns = table.columns(["coverage", "K1'"])

    assert columns["coverage"].tolist() == [1.0, 0.25, 0.5]
    assert columns["K1'"].tolist() == [4, 5, 3]


def test_large_counts_are_exact() -> None:
    table = Table(["N"], lambda names: ["0", str(2**53 - 1)])

    assert table.columns(["flops"])["flops"].tolist() == [2**53 - 1]


def test_a_search_that_goes_on_has_no_variants(database: Database) -> None:
    with database.write() as session:
        id_ = queued_search(session).id

    columns = variant_columns.of_search(database, id_).columns(["params", "K1'", ACCURACY])

    assert [len(column) for column in columns.values()] == [0, 0, 0]


def test_there_are_no_columns_of_an_unknown_search(database: Database) -> None:
    with pytest.raises(NotFoundError):
        variant_columns.of_search(database, "0" * 32)
