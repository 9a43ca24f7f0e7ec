import os
from dataclasses import asdict
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import update

from app.db.engine import Database
from app.db.models import StudyRow
from app.errors import RefusedError
from app.experiments.spreads import KNOWN
from app.schemas.studies import StudyPlanning
from app.schemas.study_results import StudyResults
from app.services import study_planning
from app.services.study_planning import PlanningQuestion
from tests.factories import RESULT
from tests.planned_studies import planned_study
from tests.trainer.statistics.studies import LOW, cell, original, results, runs
from tests.workers import FakeWorker


def plan(database: Database, **question: object) -> StudyPlanning:
    asked = PlanningQuestion.model_validate({"dataset": "digits", "effect": [0.05]} | question)
    return study_planning.plan(database, Path("none"), asked)


def found(originals: int) -> StudyResults:
    """The results of a study in which gains vary little."""
    rng = np.random.default_rng(0)
    names = "abcdefgh"[:originals]
    networks: list[tuple[str, int | None]] = [
        (it, None) for name in names for it in (name, f"{name}0", f"{name}1")
    ]
    networks += [(it, LOW) for name in names for it in (f"{name}0", f"{name}1")]
    trained = chain(*(runs(it, *rng.normal(0.8, 0.004, 2), detail=low) for it, low in networks))
    return results([cell(*map(original, names))], trained)


def store(database: Database, originals: int) -> None:
    study = planned_study(database)
    FakeWorker(database).work()
    with database.write() as session:
        session.execute(
            update(StudyRow).where(StudyRow.id == study.id).values(results=found(originals))
        )


def test_without_studies_the_shipped_spread_is_taken(database: Database) -> None:
    planning = plan(database)

    [size] = planning.sizes
    assert planning.source == KNOWN["digits"].source
    assert planning.spread.model_dump() == asdict(KNOWN["digits"].components["upsampled"])
    assert size.originals is not None
    assert size.power is not None
    assert size.power >= 0.8
    assert size.runs == size.originals * (1 + 2 * (size.variants or 0)) * (size.seeds or 0)
    assert size.seconds is None


def test_the_spread_of_recorded_studies_goes_before_it(database: Database) -> None:
    store(database, 8)

    planning = plan(database)

    [size] = planning.sizes
    assert planning.source == "measured: 8 originals in the cells of recorded studies"
    assert planning.spread == found(8).cells[0].spread["true_minus_upsampled"]
    assert size.originals == 6
    assert size.runs is not None
    assert size.seconds == pytest.approx(size.runs * RESULT["seconds"] / (os.cpu_count() or 1))


@pytest.mark.parametrize(
    "question", [{"approach": "II"}, {"budget": "flops"}, {"dataset": "mnist"}]
)
def test_the_spread_of_others_is_not_taken(database: Database, question: dict[str, object]) -> None:
    store(database, 8)

    planning = plan(database, **question)

    assert planning.source == KNOWN[planning.dataset].source


def test_few_originals_tell_no_spread(database: Database) -> None:
    store(database, 5)

    assert plan(database).source == KNOWN["digits"].source


def test_what_is_given_is_kept(database: Database) -> None:
    [size] = plan(database, variants=5, seeds=4, contrast="mean_variant").sizes

    assert (size.variants, size.seeds, size.contrast) == (5, 4, "mean_variant")


def test_smaller_effects_take_more_originals_until_none_are_enough(database: Database) -> None:
    small, large, tiny = plan(database, effect=[0.03, 0.05, 0.001]).sizes

    assert small.originals is not None
    assert large.originals is not None
    assert small.originals > large.originals >= 6
    assert (tiny.originals, tiny.power, tiny.runs, tiny.seconds) == (None, None, None, None)


@pytest.mark.parametrize(
    ("dataset", "reason"), [("cifar10", "run a study of it first"), ("mnits", "no such data set")]
)
def test_a_data_set_without_a_spread_is_refused(
    database: Database, dataset: str, reason: str
) -> None:
    with pytest.raises(RefusedError, match=f"query/dataset: .*{reason}"):
        plan(database, dataset=dataset)
