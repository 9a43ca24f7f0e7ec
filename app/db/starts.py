"""Runs that others start from, and runs whose checkpoints are of no more use."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.db.models import RunRow
from app.db.runs import Claim
from app.states import OPEN


def originals_of(session: Session, held: Sequence[Claim]) -> list[Claim]:
    """The runs whose final weights others start with, in the order of their seeds.

    They are described as if they were claimed; nobody need hold them.
    """
    ids = [claim.starts_from for claim in held if claim.starts_from is not None]
    if not ids:
        return []
    columns = (getattr(RunRow, name) for name in Claim.__dataclass_fields__)
    found = session.execute(select(*columns).where(RunRow.id.in_(ids)).order_by(RunRow.seed))
    return [Claim(*row) for row in found]


def over(session: Session, ids: Collection[str]) -> set[str]:
    """Which of these runs succeeded or failed, and are not what an open run starts from."""
    later = aliased(RunRow)
    awaits = select(later.id).where(later.starts_from == RunRow.id, later.state.in_(OPEN))
    has_ended = RunRow.state.in_(("succeeded", "failed"))
    return set(
        session.scalars(select(RunRow.id).where(RunRow.id.in_(ids), has_ended, ~awaits.exists()))
    )
