"""The columns of an answer's table that follow from its unknowns."""

from array import array
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from solver.answers.table import TYPECODE, AnswerTable
from solver.answers.variants import MEASURES
from solver.variation.coverage import Coverage
from solver.variation.numbers import Columns
from solver.variation.template import Template

if TYPE_CHECKING:
    from solver.engines.factored.arrays import Ints


def measured(
    template: Template, chunks: Iterable[Columns], *, count_pooling: bool
) -> "dict[str, array[int]]":
    """A column for each of :data:`MEASURES`, with a number for each variant of the chunks."""
    coverage = Coverage(template)
    found = {name: array(TYPECODE) for name in MEASURES}
    for chunk in chunks:
        values = {
            "params": chunk.params,
            "flops": chunk.flops(count_pooling=count_pooling),
            "macs": chunk.macs,
            "activations": chunk.activations,
            "rows_read": coverage.rows_of(chunk),
            "rows": chunk.image[1],
            "receptive_field": chunk.receptive_field,
        }
        for name, column in found.items():
            column.extend(as_array(values[name], len(chunk)))
    return found


def tabled(rows: Columns, checked: Iterable[Columns], *, count_pooling: bool) -> AnswerTable:
    """The table of unknowns and measures; it is filled while the answers are checked."""
    measures = measured(rows.template, checked, count_pooling=count_pooling)
    unknowns = {symbol: as_array(values, len(rows)) for symbol, values in rows.values.items()}
    return AnswerTable({**unknowns, **measures})


def as_array(values: "Ints | Any", rows: int) -> "array[int]":
    """A column as an array without numpy; a number that all rows share is repeated."""
    if isinstance(values, int):
        return array(TYPECODE, [values]) * rows
    return array(TYPECODE, values.astype("int64").tobytes())
