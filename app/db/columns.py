"""Whole columns of a search's variants, for those who look at all of them at once."""

from collections.abc import Sequence

from sqlalchemy import String, cast, func, select
from sqlalchemy.orm import Session

from app.db import accuracies
from app.db.models import JobRunRow, VariantRow
from app.db.variants import Accuracy

_TABLE = VariantRow.__table__.c


def texts(session: Session, search_id: str, names: Sequence[str]) -> list[str]:
    """Columns of a search's variants, each as its values with commas between them.

    All are in the same order, which may be any. The database joins a million values in a tenth of
    a second; reading them as rows takes many times as long.
    """
    joined = [func.aggregate_strings(cast(_TABLE[name], String), ",") for name in names]
    row = session.execute(select(*joined).where(_TABLE.search_id == search_id)).one()
    return [text or "" for text in row]


def trained(session: Session, search_id: str) -> dict[int, Accuracy]:
    """The accuracies of a search's variants that were trained, by position."""
    found = select(accuracies.of_variants(JobRunRow.search_id == search_id))
    return {position: Accuracy(*of) for _, position, *of in session.execute(found)}
