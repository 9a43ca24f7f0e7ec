"""Ids that are reproducible: the same requests in the same order get the same ids everywhere."""

import hashlib
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.models import JobRow, SearchRow, StudyRow
from solver.network.schema import digest


def content_hash(kind: str, content: Any) -> str:
    """The hash that equal requests of one kind share."""
    return digest([kind, content])


def nth_id(content: str, n: int) -> str:
    """Id of the n-th resource with this content, from 0."""
    return hashlib.sha256(f"{content}/{n}".encode()).hexdigest()[:32]


def fresh_id(
    session: Session, table: type[SearchRow] | type[JobRow] | type[StudyRow], content: str
) -> str:
    """The first free id of a content."""
    taken = set(session.scalars(select(table.id).where(table.content_hash == content)))
    n = len(taken)
    while nth_id(content, n) in taken:
        n += 1
    return nth_id(content, n)


def variant_id(search_id: str, position: int) -> str:
    """Id of a variant."""
    return f"{search_id}-{position}"


def network_name(search_id: str | None, variant: int | None) -> str:
    """``original``, or the id of the variant of a search."""
    return "original" if variant is None else variant_id(search_id or "", variant)


def split_id(id_: str) -> tuple[str, int]:
    """Split a variant's id into search and position; -1, which no variant has, if malformed."""
    search_id, _, position = id_.rpartition("-")
    known = position.isascii() and position.isdecimal() and len(position) < 10
    return search_id, int(position) if known else -1
