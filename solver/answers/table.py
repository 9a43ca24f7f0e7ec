"""Tables of whole numbers, stored by column, in which a solver returns its solutions.

They do not need numpy, which the API does not load. ``numpy.frombuffer`` reads a column in place.
"""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

TYPECODE: Final = "q"
"""Signed 64-bit integers in this machine's byte order: tables do not leave the machine."""


class AnswerTable:
    """Named columns of equal length.

    Raises
    ------
    ValueError
        The columns differ in length.
    """

    def __init__(self, columns: Mapping[str, "array[int]"]) -> None:
        if len({len(column) for column in columns.values()}) > 1:
            raise ValueError("columns of a table have one length")
        self._columns = dict(columns)

    @classmethod
    def of(cls, names: Sequence[str], rows: Sequence[Sequence[int]] = ()) -> "AnswerTable":
        """A table from its rows."""
        columns = zip(*rows, strict=True) if rows else ((),) * len(names)
        return cls(
            {name: array(TYPECODE, column) for name, column in zip(names, columns, strict=True)}
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(self._columns)

    def __len__(self) -> int:
        return len(next(iter(self._columns.values()), ()))

    def __getitem__(self, name: str) -> "array[int]":
        return self._columns[name]

    def rows(self, names: Sequence[str] | None = None, start: int = 0) -> Iterator[tuple[int, ...]]:
        """Yield the rows from ``start`` on, with the values of some or all columns."""
        chosen = self.names if names is None else names
        return islice(zip(*(self._columns[name] for name in chosen), strict=True), start, None)

    def to_bytes(self) -> bytes:
        """The bytes of all columns, one after another."""
        return b"".join(column.tobytes() for column in self._columns.values())

    @classmethod
    def from_bytes(cls, names: Sequence[str], content: bytes) -> "AnswerTable":
        """The table with these columns from which :meth:`to_bytes` made the bytes."""
        size = len(content) // len(names) if names else 0
        parts = [content[i * size : (i + 1) * size] for i in range(len(names))]
        return cls({it: array(TYPECODE, part) for it, part in zip(names, parts, strict=True)})
