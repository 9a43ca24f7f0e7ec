"""Runs that start from others, in the database."""

from collections.abc import Mapping

from sqlalchemy import select, update

from app.db import jobs, runs, starts
from app.db.engine import Database
from app.db.models import JobRunRow, RunRow
from app.db.runs import Claim
from tests.factories import queued_job
from tests.workers import FakeWorker


def warm_job(database: Database) -> dict[str, list[str]]:
    """A job whose one variant starts from the original, with two seeds; the ids of their runs."""
    job = queued_job(database, seeds=2, variants=[0])
    with database.write() as session:
        original, variant = (
            list(
                session.scalars(
                    select(RunRow.id)
                    .join(JobRunRow, JobRunRow.run_id == RunRow.id)
                    .where(
                        JobRunRow.job_id == job.id,
                        JobRunRow.variant_position.is_not_distinct_from(at),
                    )
                    .order_by(RunRow.seed)
                )
            )
            for at in (None, 0)
        )
        for start, run in zip(original, variant, strict=True):
            session.execute(update(RunRow).where(RunRow.id == run).values(starts_from=start))
    return {"job": [job.id], "original": original, "variant": variant}


def claimed(database: Database) -> list[Claim]:
    with database.write() as session:
        return runs.claim(session, "w", 60)


def over(database: Database, made: Mapping[str, list[str]]) -> set[str]:
    with database.read() as session:
        return starts.over(session, [*made["original"], *made["variant"]])


def test_a_claim_names_what_it_starts_from_and_that_is_described_like_a_claim(
    database: Database,
) -> None:
    made = warm_job(database)
    original, variant = claimed(database), claimed(database)

    assert [claim.starts_from for claim in original] == [None, None]
    assert [claim.starts_from for claim in variant] == made["original"]
    with database.read() as session:
        assert starts.originals_of(session, original) == []
        assert starts.originals_of(session, variant) == original
        assert starts.originals_of(session, variant[1:]) == original[1:]


def test_an_original_is_not_over_before_the_runs_that_start_from_it_have_ended(
    database: Database,
) -> None:
    made = warm_job(database)
    worker = FakeWorker(database)
    assert over(database, made) == set()

    worker.train(claimed(database))
    assert over(database, made) == set()

    worker.train(claimed(database))
    assert over(database, made) == {*made["original"], *made["variant"]}


def test_an_original_is_not_over_for_the_seed_that_is_still_awaited(database: Database) -> None:
    made = warm_job(database)
    FakeWorker(database).train(claimed(database))

    with database.write() as session:
        first, _ = runs.claim(session, "w", 60)
        runs.fail(session, first, "diverged", "in words")

    assert over(database, made) == {made["original"][0], made["variant"][0]}


def test_an_original_is_over_when_the_runs_that_would_start_from_it_are_cancelled(
    database: Database,
) -> None:
    made = warm_job(database)
    FakeWorker(database).train(claimed(database))

    with database.write() as session:
        jobs.cancel(session, made["job"][0])

    assert over(database, made) == set(made["original"])
