"""What a worker looks up about the runs that it has claimed."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from sqlalchemy.orm import Session

from app.db import architectures, starts
from app.db.runs import Claim
from app.experiments.catalogue import content_id
from solver.network.architecture import Architecture
from solver.network.counting import Counts
from trainer.process import Origin

_OWN: Final = ("id", "attempt", "seed", "target_epochs", "starts_from")
"""What the seeds of a network do not have in common."""


def network_of(session: Session, claim: Claim) -> tuple[Architecture, Counts]:
    """Return a run's network, and its counts as they are stored."""
    id_ = claim.architecture_id
    return architectures.get(session, id_), architectures.counts(session, id_)


def origin_of(session: Session, held: Sequence[Claim]) -> Origin | None:
    """Return what runs of one network start with; ``None`` if they start anew."""
    originals = starts.originals_of(session, held)
    if not originals:
        return None
    seeds = {claim.id: claim.seed for claim in originals}
    return Origin(*network_of(session, originals[0]), seeds, stack_of(originals[0]))


def stack_of(claim: Claim) -> str:
    """Name a network's checkpoints by a hash of everything that its seeds have in common."""
    return content_id({name: value for name, value in asdict(claim).items() if name not in _OWN})
