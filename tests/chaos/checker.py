"""What must hold whatever happened; it sees the database and the workers' journals alone."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import func, select

from app.db.engine import Database
from app.db.models import AttemptRow, JobRow, LateWriteRow, ResultRow, RunRow
from app.states import OPEN
from tests.chaos.journal import WRITES, Entry

Attempt = tuple[str, int]


def violations(database: Database, journal: Sequence[Entry]) -> list[str]:
    """Everything that is wrong, in words."""
    return [
        *_of_results(database, journal),
        *_of_traces(database),
        *_of_jobs(database),
        *_of_claims(journal),
        *_of_fences(journal),
        *_of_logging(journal),
        *_of_counting(database, journal),
    ]


def _of_results(database: Database, journal: Sequence[Entry]) -> Iterator[str]:
    """A run has succeeded if and only if it has a result, which is its last attempt's."""
    with database.read() as session:
        rows = session.execute(
            select(RunRow.id, RunRow.state, RunRow.attempt, ResultRow.attempt).outerjoin(
                ResultRow, ResultRow.run_id == RunRow.id
            )
        ).all()
    recorded = {id_: result for id_, _, _, result in rows}
    for id_, state, attempt, result in rows:
        if (state == "succeeded") != (result is not None):
            yield f"run {id_} is {state}, its result: {result}"
        elif result not in (None, attempt):
            yield f"run {id_} is at attempt {attempt}, its result is that of attempt {result}"
    finished = [entry for entry in journal if (entry.what, entry.answer) == ("finish", "accepted")]
    for entry in finished:
        if recorded.get(entry.run) != entry.attempt:
            yield f"run {entry.run} lacks the acknowledged result of attempt {entry.attempt}"
    yield from _repeated("results were acknowledged", (entry.run for entry in finished))


def _of_traces(database: Database) -> Iterator[str]:
    """All attempts are accounted for: by a trace, or as the last one, which recorded an end."""
    with database.read() as session:
        traces = Counter(session.scalars(select(AttemptRow.run_id)))
        rows = session.execute(select(RunRow.id, RunRow.attempt, RunRow.failure)).all()
    for id_, attempt, failure in rows:
        in_vain = attempt if failure == "lost" else attempt - 1
        if traces[id_] != in_vain:
            yield f"run {id_} has traces of {traces[id_]} attempts of {in_vain}"


def _of_jobs(database: Database) -> Iterator[str]:
    with database.read() as session:
        for table in (RunRow, JobRow):
            left = session.scalar(select(func.count()).where(table.state.in_(OPEN)))
            if left:
                yield f"{left} {table.__tablename__} have not ended"


def _of_claims(journal: Sequence[Entry]) -> Iterator[str]:
    """No attempt is claimed twice."""
    yield from _repeated(
        "claims were acknowledged",
        (f"{entry.run}, attempt {entry.attempt}" for entry in journal if entry.what == "claim"),
    )


def _of_fences(journal: Sequence[Entry]) -> Iterator[str]:
    """Nothing is accepted from an attempt once a later one is known."""
    claimed: dict[str, list[Entry]] = {}
    for entry in journal:
        if entry.what == "claim":
            claimed.setdefault(entry.run, []).append(entry)
    for entry in journal:
        if entry.what not in WRITES or entry.answer != "accepted":
            continue
        for claim in claimed[entry.run]:
            if claim.attempt > entry.attempt and claim.ended < entry.began:
                yield (
                    f"a {entry.what} of run {entry.run}, attempt {entry.attempt}, was accepted "
                    f"behind the claim of attempt {claim.attempt}"
                )


def _of_logging(journal: Sequence[Entry]) -> Iterator[str]:
    """Every refusal is logged."""
    refused, logged = (_number(journal, answer) for answer in ("refused", "logged"))
    for attempt, number in (refused - logged).items():
        yield f"{number} refusals of run {attempt[0]}, attempt {attempt[1]}, were not logged"


def _of_counting(database: Database, journal: Sequence[Entry]) -> Iterator[str]:
    """Late writes are counted, at least those that were acknowledged, and only of known attempts.

    A worker that was killed before it wrote its line down was refused all the same.
    """
    columns = (LateWriteRow.run_id, LateWriteRow.attempt, LateWriteRow.writes)
    with database.read() as session:
        counted = {(run, attempt): n for run, attempt, n in session.execute(select(*columns))}
    for (run, attempt), number in _number(journal, "refused").items():
        found = counted.get((run, attempt), 0)
        if found < number:
            yield f"{found} late writes are counted of {number} of run {run}, attempt {attempt}"
    claimed = {(entry.run, entry.attempt) for entry in journal if entry.what == "claim"}
    for run, attempt in counted.keys() - claimed:
        yield f"late writes are counted of run {run}, attempt {attempt}, which nobody claimed"


def _number(journal: Iterable[Entry], answer: str) -> Counter[Attempt]:
    return Counter((entry.run, entry.attempt) for entry in journal if entry.answer == answer)


def refusals(journal: Iterable[Entry]) -> int:
    """How many writes were refused."""
    return sum(_number(journal, "refused").values())


def _repeated(what: str, of: Iterable[str]) -> Iterator[str]:
    for name, number in Counter(of).items():
        if number > 1:
            yield f"{number} {what} of run {name}"
