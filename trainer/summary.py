"""Results so far, from recorded runs: whoever is idle brings them up to date."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.db import jobs, rungs, studies
from app.db.identity import variant_id
from app.db.jobs import Measured
from app.db.models import JobRow
from app.db.variants import number
from app.experiments.halving import Rung
from app.schemas.requests import RandomSelection
from app.schemas.results import HalvingResult, Results, RungResult
from trainer.statistics.job import Run, TrainedNetwork, summarise
from trainer.study_summary import study_summary


def settle_next(session: Session) -> bool:
    """Bring one job or study up to date whose runs have changed; return whether there was one."""
    return _settle_job(session) or _settle_study(session)


def _settle_job(session: Session) -> bool:
    """Write halving's decisions, a job's results and its end in one transaction."""
    job = jobs.next_stale(session)
    if job is None:
        return False
    if rungs.advance(session, job):
        jobs.settle(session, job, summary(session, job))
    return True


def _settle_study(session: Session) -> bool:
    study = studies.next_stale(session)
    if study is None:
        return False
    studies.settle(session, study, study_summary(session, study))
    return True


def summary(session: Session, job: JobRow) -> Results:
    """Estimate what a job's variants gain, from the runs that have ended."""
    networks: dict[int | None, list[Measured]] = {}
    for run in jobs.measured(session, job.id):
        networks.setdefault(run.variant, []).append(run)
    original, *variants = (_network(job, position, runs) for position, runs in networks.items())
    return summarise(
        original, variants, _halving(job), are_drawn=_are_drawn(session, job, variants)
    )


def _are_drawn(session: Session, job: JobRow, variants: Sequence[TrainedNetwork]) -> bool:
    """Whether the variants were drawn from more that the search found, for which they stand."""
    is_random = isinstance(job.request.terms.variants, RandomSelection)
    return is_random and len(variants) < number(session, job.search_id)


def _network(job: JobRow, position: int | None, runs: Sequence[Measured]) -> TrainedNetwork:
    """Return a network with its runs; those not meant to train to the end are only validated."""
    is_whole = runs[0].target_epochs == job.request.terms.epochs
    return TrainedNetwork(
        id="original" if position is None else variant_id(job.search_id, position),
        resolution=runs[0].resolution,
        runs=tuple(
            Run(run.seed, run.test_accuracy, run.validation_accuracy, run.test_correct or b"")
            for run in runs
            if is_whole and run.test_accuracy is not None and run.validation_accuracy is not None
        ),
        validated=tuple(
            run.target_accuracy for run in runs if not is_whole and run.target_accuracy is not None
        ),
    )


def _halving(job: JobRow) -> HalvingResult | None:
    plan = job.request.terms.halving
    if plan is None:
        return None
    found = [_rung_result(job.search_id, rung) for rung in job.rungs]
    return HalvingResult(eta=plan.eta, rungs=found)


def _rung_result(search_id: str, rung: Rung) -> RungResult:
    """Return a rung with its variants named by their ids."""
    tried = _variant_ids(search_id, rung.tried)
    accuracies = rung.accuracies
    return RungResult(
        epochs=rung.epochs,
        tried=tried,
        kept=None if rung.kept is None else _variant_ids(search_id, rung.kept),
        validation_accuracy=(
            None if accuracies is None else dict(zip(tried, accuracies, strict=True))
        ),
    )


def _variant_ids(search_id: str, positions: Sequence[int]) -> list[str]:
    return [variant_id(search_id, position) for position in positions]
