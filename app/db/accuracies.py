"""The accuracies of variants that were trained, in SQL."""

from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import BindParameter, ColumnElement, Subquery, func, select
from sqlalchemy.orm import Session

from app.db.models import JobRunRow, ResultRow, RunRow

_TRAINING: Final = (
    RunRow.dataset,
    RunRow.dataset_version,
    RunRow.recipe,
    RunRow.training_images,
)
"""What runs of one variant share if they differ only in the seed."""


VARIANT: Final = (JobRunRow.search_id, JobRunRow.variant_position)


def of_variants(
    *conditions: ColumnElement[bool], dataset: str | BindParameter[str] | None = None
) -> Subquery:
    """The accuracy on the test split of each trained variant; conditions are on ``job_runs``.

    With a data set, runs on others do not count.

    Its columns are ``search_id``, ``position``, ``dataset``, ``recipe``, ``epochs``,
    ``training_images``, ``mean``, ``runs``, and ``squares``: the sum of squared deviations from the
    mean. A variant that was trained in several ways has the accuracy of the way with the most runs;
    ties go to the way of the newest run. Warm starts and controls that enlarge images do not count.
    """
    trained = JobRunRow.variant_position.is_not(None)
    links = select(*VARIANT, JobRunRow.run_id).where(trained, *conditions).distinct().subquery()
    ways = (links.c.search_id, links.c.variant_position, *_TRAINING)
    on_dataset = [] if dataset is None else [RunRow.dataset == dataset]
    runs = (
        select(
            *ways,
            ResultRow.test_accuracy,
            RunRow.finished_at,
            func.avg(ResultRow.test_accuracy).over(partition_by=ways).label("mean"),
        )
        .join(RunRow, RunRow.id == links.c.run_id)
        .join(ResultRow, ResultRow.run_id == RunRow.id)
        .where(RunRow.detail.is_(None), RunRow.starts_from.is_(None), *on_dataset)
        .subquery()
    )
    deviation = runs.c.test_accuracy - runs.c.mean
    grouped = (
        select(
            *(runs.c[column.key] for column in ways),
            runs.c.mean,
            func.count().label("runs"),
            func.sum(deviation * deviation).label("squares"),
            func.max(runs.c.finished_at).label("newest"),
        )
        .group_by(*(runs.c[column.key] for column in ways), runs.c.mean)
        .subquery()
    )
    rank = func.row_number().over(
        partition_by=(grouped.c.search_id, grouped.c.variant_position),
        order_by=(grouped.c.runs.desc(), grouped.c.newest.desc(), grouped.c.dataset),
    )
    ranked = select(grouped, rank.label("rank")).subquery()
    return (
        select(
            ranked.c.search_id,
            ranked.c.variant_position.label("position"),
            ranked.c.dataset,
            ranked.c.recipe["name"].as_string().label("recipe"),
            ranked.c.recipe["epochs"].as_integer().label("epochs"),
            ranked.c.training_images,
            ranked.c.mean,
            ranked.c.runs,
            ranked.c.squares,
        )
        .where(ranked.c.rank == 1)
        .subquery()
    )


def number(session: Session, search_id: str) -> int:
    """The number of recorded runs of a search's variants; it never falls."""
    query = (
        select(func.count(JobRunRow.run_id.distinct()))
        .join(ResultRow, ResultRow.run_id == JobRunRow.run_id)
        .where(JobRunRow.search_id == search_id)
    )
    return session.scalar(query) or 0


class Measured(NamedTuple):
    """The accuracy of one run on the test split, and how its network was trained."""

    architecture_id: str
    dataset: str
    dataset_version: str
    recipe: Mapping[str, Any]
    training_images: int | None
    test_accuracy: float


def of_architectures(session: Session, ids: Collection[str]) -> list[Measured]:
    """Every recorded run of some architectures, in jobs and studies, the oldest first.

    Controls that enlarge images do not count.
    """
    query = (
        select(RunRow.architecture_id, *_TRAINING, ResultRow.test_accuracy)
        .join(ResultRow, ResultRow.run_id == RunRow.id)
        .where(RunRow.architecture_id.in_(ids), RunRow.detail.is_(None))
        .order_by(RunRow.finished_at, RunRow.id)
    )
    return [Measured(*row) for row in session.execute(query)]
