"""Jobs: which networks to train with which seeds, their progress, and their results."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from app.db import architectures, jobs, retries, searches, variants
from app.db.engine import Database, Session
from app.db.idempotency import OwnedKey
from app.db.models import SearchRow
from app.db.needs import Training, starting_from
from app.errors import ConflictError, Fault, RefusedError
from app.experiments.catalogue import Dataset
from app.experiments.fitting import remarks
from app.schemas.job_terms import JobDocument, JobTerms
from app.schemas.jobs import JobPage, JobView, RunPage
from app.schemas.requests import MOST_RUNS, JobRequest
from app.services import datasets
from app.services.idempotency import once
from app.services.job_views import job_view, run_view
from app.services.selection import check_fit, choose
from app.services.variants import Deriver, problem_of
from app.states import FINAL


def create(database: Database, request: JobRequest, key: OwnedKey | None, data_dir: Path) -> str:
    """Check a job, choose its variants, and queue its runs. Returns the job's id.

    Parameters
    ----------
    data_dir
        The folder of the data sets.

    Raises
    ------
    RefusedError
        There is no such data set, it is broken, or the networks do not fit it; or there is nothing
        to train.
    ConflictError
        The search has not ended.
    app.db.errors.NotFoundError
        There is no such search, or variant.
    app.db.idempotency.KeyReusedError
        The key came with another body before.
    """
    # Outside the transaction, since reading a folder of images takes time.
    found = datasets.find(data_dir, request.dataset)

    def make(session: Session) -> str:
        search = searches.get(session, request.search_id)
        if search.state in ("queued", "running"):
            raise ConflictError(f"search {search.id} is {search.state}; wait until it has ended")
        original = architectures.get(session, search.architecture_id)
        dataset = found.or_refused()
        check_fit(original, dataset, request.training)
        positions, notes = choose(session, request, search, dataset)
        notes += remarks(original)
        if (wanted := (1 + len(positions)) * request.seeds) > MOST_RUNS:
            raise RefusedError(
                Fault("#/variants", f"{wanted:,} runs exceed the {MOST_RUNS:,} that a job may have")
            )
        others = _others(_variant_networks(session, search, positions), original.id)
        if len(others) < len(positions):
            notes.append("a variant that is the original itself was left out")
        networks = [jobs.JobNetwork(original.id, original.resolution), *others]
        needs = _needs(request, dataset, networks)
        return jobs.create(session, search.id, document(request, notes), needs, request.priority).id

    body = request.model_dump(mode="json")
    return database.transact(lambda session: once(session, "jobs", key, body, make))


def document(request: JobRequest, notes: Sequence[str] = ()) -> JobDocument:
    """The stored form of a request: defaults filled in, and notes on decisions for the user."""
    recipe = request.training
    asked = {name: getattr(request, name) for name in JobTerms.model_fields}
    terms = JobTerms(**{**asked, "recipe": recipe, "epochs": recipe.epochs})
    return JobDocument(terms=terms, notes=tuple(notes))


def _variant_networks(
    session: Session, search: SearchRow, positions: Sequence[int]
) -> list[jobs.JobNetwork]:
    """The chosen variants, stored as architectures of their own."""
    deriver = Deriver(problem_of(session, search))
    networks = []
    for position in positions:
        row = variants.get(session, search.id, position)
        architecture = deriver.describer.architecture(deriver.assignment(row))
        architectures.add(session, architecture)
        networks.append(jobs.JobNetwork(architecture.id, row.resolution, position))
    return networks


def _others(variants: Sequence[jobs.JobNetwork], original_id: str) -> list[jobs.JobNetwork]:
    """Variants that are not the original itself, which a search at its own resolution may find.

    Raises
    ------
    RefusedError
        None is left.
    """
    others = [variant for variant in variants if variant.architecture_id != original_id]
    if not others:
        raise RefusedError(Fault("#/variants", "the only variant chosen is the original itself"))
    return others


def _needs(
    request: JobRequest, dataset: Dataset, networks: Sequence[jobs.JobNetwork]
) -> list[jobs.JobNeed]:
    """The runs that are needed, the original's first; with halving, variants get a first rung."""
    original, *others = networks
    recipe, seeds = request.training, range(request.seeds)
    plan = document(request).terms.halving
    first = plan.first(len(others)) if plan else recipe.epochs
    training = Training(dataset.name, dataset.version, request.training_images, recipe)
    cold = replace(training, recipe=recipe.cold)
    originals = cold.runs(original.architecture_id, original.resolution, None, seeds)
    needs = [jobs.JobNeed(run, recipe.epochs, original) for run in originals]
    for variant in others:
        detail = _detail(request, variant, original)
        runs = training.runs(variant.architecture_id, variant.resolution, detail, seeds)
        if recipe.warm_start:
            runs = starting_from(originals, runs)
        needs += [jobs.JobNeed(run, first, variant) for run in runs]
    return needs


def _detail(request: JobRequest, network: jobs.JobNetwork, original: jobs.JobNetwork) -> int | None:
    """The resolution to which images are reduced before they are enlarged; ``None`` if not."""
    is_enlarged = request.inputs == "upsampled" and network.resolution > original.resolution
    return original.resolution if is_enlarged else None


def get(database: Database, id_: str) -> JobView:
    """One job.

    Raises
    ------
    app.db.errors.NotFoundError
        There is none with this id.
    """
    with database.read() as session:
        return job_view(session, jobs.get(session, id_))


def newest(database: Database, cursor: str | None, limit: int, **wanted: str) -> JobPage:
    """A page of jobs; ``wanted`` are the values that columns must have.

    Raises
    ------
    app.db.paging.CursorError
        The cursor is not one of this list's.
    """
    with database.read() as session:
        rows, following = jobs.newest(session, cursor, limit, **wanted)
        return JobPage(items=[job_view(session, row) for row in rows], next=following)


def cancel(database: Database, id_: str) -> JobView:
    """Cancel a job and the runs that it alone needs; do nothing if it has ended.

    Raises
    ------
    app.db.errors.NotFoundError
        There is none with this id.
    """
    with database.write() as session:
        jobs.cancel(session, id_)
    return get(database, id_)


def retry(database: Database, id_: str) -> JobView:
    """Queue what failed in a job once more; do nothing if that was done and the job is open.

    Raises
    ------
    ConflictError
        Nothing of the job failed.
    app.db.errors.NotFoundError
        There is none with this id.
    """
    with database.write() as session:
        if not retries.retry(session, id_):
            job = jobs.get(session, id_)
            if job.state in FINAL or not job.retries:
                raise ConflictError(f"nothing failed that the job still needs; it is {job.state}")
    return get(database, id_)


def runs(database: Database, id_: str, cursor: str | None, limit: int) -> tuple[RunPage, bool]:
    """A page of a job's runs, and whether the job has ended.

    Raises
    ------
    app.db.errors.NotFoundError
        There is no such job.
    app.db.paging.CursorError
        The cursor is not one of this list's.
    """
    with database.read() as session:
        has_ended = jobs.get(session, id_).state in FINAL
        found, following = jobs.page_of_runs(session, id_, cursor, limit)
    return RunPage(items=[run_view(item) for item in found], next=following), has_ended
