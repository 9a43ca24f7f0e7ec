"""Has the variants of the drawn originals searched for, by stored searches like any other."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple

from app.db import searches, studies
from app.db.engine import Database
from app.db.searches import Standing
from app.experiments.catalogue import Dataset
from app.schemas.requests import SearchRequest
from app.schemas.study_terms import StudyTerms
from app.services import searches as asking
from app.services.planner.cells import (
    Cell,
    control_of,
    grid_of,
    has_controls,
    higher,
    question_of,
    seed_of,
)
from app.services.planner.holding import Hold
from app.services.solvers import Solvers
from solver.problem import Question, Sample, Settings

LOOK_SECONDS: Final = 0.25
"""Time between two looks at the searches."""
ASKED_AT_ONCE: Final = 50
"""Searches of a study that wait for a solver at once, since others queue for one, too."""


class UnplannableError(RuntimeError):
    """A study cannot go on; the reason is for its user."""


class Key(NamedTuple):
    """What a search is for: an original of a cell, or its control of equal resolution."""

    cell: Cell
    member: int
    is_control: bool = False


@dataclass(frozen=True)
class Searching:
    """Asks for the searches of a study, and waits for them."""

    database: Database
    solvers: Solvers
    hold: Hold
    terms: StudyTerms
    dataset: Dataset

    def found(self, originals: Mapping[Cell, Sequence[int]]) -> dict[Key, str]:
        """The ids of the searches for all originals; each search has ended with an answer.

        Raises
        ------
        UnplannableError
            A search was cancelled, failed or ran out of time: a study without that original would
            not be the one that was asked for.
        """
        keys = keys_of(self.terms, originals)
        ids: dict[Key, str] = {}
        while some := [*islice(keys, ASKED_AT_ONCE)]:
            ids |= self._found(some)
        return ids

    def _found(self, keys: Iterable[Key]) -> dict[Key, str]:
        ids = {}
        for key in keys:
            self.hold.check()
            ids[key] = self._ask(key)
        self._refer([*ids.values()])
        self._wait(ids)
        return ids

    def _ask(self, key: Key) -> str:
        request = request_of(self.terms, self.dataset, key)
        id_ = asking.create(self.database, request, None, by_study=True)
        self.solvers.wake()
        return id_

    def _refer(self, ids: Sequence[str]) -> None:
        hold = self.hold
        hold.write(lambda session: studies.refer(session, hold.id, hold.attempt, [*set(ids)]))

    def _wait(self, ids: Mapping[Key, str]) -> None:
        waits_for = {id_: key for key, id_ in ids.items()}
        while waits_for:
            self.hold.check()
            with self.database.read() as session:
                found = searches.standings(session, [*waits_for])
            for id_, standing in found.items():
                if standing.is_final:
                    _check_answer(waits_for.pop(id_), id_, standing)
            if gone := waits_for.keys() - found.keys():
                raise UnplannableError(f"search {min(gone)}, which the study needs, was deleted")
            if waits_for:
                self.hold.pause(LOOK_SECONDS)


def keys_of(terms: StudyTerms, originals: Mapping[Cell, Sequence[int]]) -> Iterator[Key]:
    """Yield what is searched for."""
    for cell, members in originals.items():
        for member in members:
            yield Key(cell, member)
            if "same_resolution" in terms.controls and has_controls(terms, cell):
                yield Key(cell, member, is_control=True)


def request_of(terms: StudyTerms, dataset: Dataset, key: Key) -> SearchRequest:
    """The search for some variants of an original, drawn uniformly from all that it has.

    A control draws one more, since the original itself may be among them.
    """
    cell, member, is_control = key
    kind = "same resolution" if is_control else "variants"
    sample = Sample(sample=terms.variants + is_control, seed=seed_of(terms, kind, *cell, member))
    return SearchRequest(
        architecture=grid_of(terms, cell.resolution).member(member),
        question=_question(terms, dataset, key),
        settings=Settings(find=sample),
    )


def _question(terms: StudyTerms, dataset: Dataset, key: Key) -> Question:
    if key.is_control:
        return control_of(terms, key.cell)
    resolutions = higher(terms.ranges, key.cell.resolution, dataset.resolution)
    assert resolutions is not None, "such a study was refused"
    return question_of(terms, key.cell, resolutions)


def _check_answer(key: Key, id_: str, standing: Standing) -> None:
    """Refuse a search that ended without all that was asked of it."""
    if standing.state == "succeeded" and standing.outcome in searches.REPEATABLE:
        return
    how = standing.outcome if standing.state == "succeeded" else standing.state
    why = f": {standing.error}" if standing.error else ""
    raise UnplannableError(
        f"search {id_} for original {key.member} ({key.cell}) ended as {how}{why}; ask for the "
        "study once more, and everything else is taken over"
    )
