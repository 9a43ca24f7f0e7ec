"""Studies: what they ask for, how far they are, and what they found."""

from pathlib import Path

from app.db import studies
from app.db.engine import Database, Session
from app.db.idempotency import OwnedKey
from app.schemas.studies import StudyPage, StudyView
from app.schemas.study_terms import StudyRequest
from app.services import datasets
from app.services.idempotency import once
from app.services.study_terms import plan_hash, terms_of
from app.services.study_views import study_view, summary


def create(database: Database, request: StudyRequest, key: OwnedKey | None, data_dir: Path) -> str:
    """Check a study and store it; a server plans it then. Returns the study's id.

    Parameters
    ----------
    data_dir
        The folder of the data sets.

    Raises
    ------
    RefusedError
        There is no such data set, it is broken, or the study cannot be carried out.
    app.db.idempotency.KeyReusedError
        The key came with another body before.
    """
    dataset = datasets.find(data_dir, request.dataset).or_refused()
    terms = terms_of(request, dataset)
    hash_ = plan_hash(terms)

    def make(session: Session) -> str:
        return studies.create(session, terms, hash_, request.priority).id

    body = request.model_dump(mode="json")
    return database.transact(lambda session: once(session, "studies", key, body, make))


def get(database: Database, id_: str) -> StudyView:
    """One study.

    Raises
    ------
    app.db.errors.NotFoundError
        There is none with this id.
    """
    with database.read() as session:
        return study_view(session, studies.get(session, id_))


def newest(database: Database, cursor: str | None, limit: int, **wanted: str) -> StudyPage:
    """A page of studies; ``wanted`` are the values that columns must have.

    Raises
    ------
    app.db.paging.CursorError
        The cursor is not one of this list's.
    """
    with database.read() as session:
        rows, following = studies.newest(session, cursor, limit, **wanted)
        return StudyPage(items=[summary(session, row) for row in rows], next=following)


def ask_again(database: Database, id_: str) -> str:
    """Store a study that asks for the same as another one. Returns its id.

    It shares the runs that succeeded, and those that failed or were cancelled are tried again.

    Raises
    ------
    app.db.errors.NotFoundError
        There is none with this id.
    """
    with database.write() as session:
        study = studies.get(session, id_)
        return studies.create(session, study.request, study.plan_hash, study.priority).id


def cancel(database: Database, id_: str) -> StudyView:
    """Cancel a study, and the runs that it alone needs; do nothing if it has ended.

    Raises
    ------
    app.db.errors.NotFoundError
        There is none with this id.
    """
    with database.write() as session:
        studies.cancel(session, id_)
    return get(database, id_)
