"""The errors of repositories."""

from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

DatabaseError = SQLAlchemyError
"""Whatever goes wrong with the database itself."""
Row = TypeVar("Row")


class NotFoundError(LookupError):
    """There is no such row."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"there is no {kind} with this id")


def existing(row: Row | None, kind: str) -> Row:
    """Return a row that must exist.

    Raises
    ------
    NotFoundError
        There is none.
    """
    if row is None:
        raise NotFoundError(kind)
    return row


class LostLeaseError(RuntimeError):
    """A worker tried to write to something that it no longer holds; nothing was written."""
