"""Ids that are reproducible: the same requests in the same order get the same ids everywhere."""

import hashlib
import json
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.models import JobRow, SearchRow


def content_hash(kind: str, content: Any) -> str:
    """SHA-256 of a document, as canonical JSON."""
    text = json.dumps([kind, content], sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def nth_id(digest: str, n: int) -> str:
    """Id of the n-th resource with this content, from 0."""
    return hashlib.sha256(f"{digest}/{n}".encode()).hexdigest()[:32]


def fresh_id(session: Session, table: type[SearchRow] | type[JobRow], digest: str) -> str:
    """The first of the content's ids that is free."""
    taken = select(func.count()).select_from(table).where(table.content_hash == digest)
    n = session.scalar(taken) or 0
    while session.get(table, nth_id(digest, n)):
        n += 1
    return nth_id(digest, n)
