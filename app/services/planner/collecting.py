"""Collects what the searches of a study found: its cells with their originals and variants."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.db import architectures, searches, variants
from app.db.engine import Database, Session
from app.schemas.study_plans import DrawnCell, DrawnNetwork, DrawnOriginal, DrawnVariant
from app.schemas.study_terms import StudyTerms
from app.services.planner.cells import Cell, grid_of, has_controls, seed_of
from app.services.planner.holding import Hold
from app.services.planner.searching import Key
from app.services.variants import Deriver, problem_of
from solver.network.architecture import Architecture
from solver.network.counting import coverage


@dataclass(frozen=True)
class Collecting:
    """Reads the answers of a study's searches, and stores the networks that they found.

    It depends on the searches and on the study's seed alone: done again, it gives the same.
    """

    database: Database
    hold: Hold
    terms: StudyTerms

    def cells(
        self, originals: Mapping[Cell, Sequence[int]], ids: Mapping[Key, str]
    ) -> Iterator[DrawnCell]:
        """Yield the cells, each with its originals in the order of the grid."""
        for cell, members in originals.items():
            yield DrawnCell(
                approach=cell.approach,
                resolution=cell.resolution,
                budget=cell.budget,
                has_controls=has_controls(self.terms, cell),
                originals=tuple(self._original(ids, cell, member) for member in sorted(members)),
            )

    def _original(self, ids: Mapping[Key, str], cell: Cell, member: int) -> DrawnOriginal:
        def read(session: Session) -> DrawnOriginal:
            search = searches.get(session, ids[Key(cell, member)])
            control = ids.get(Key(cell, member, is_control=True))
            return DrawnOriginal(
                member=member,
                architecture_id=search.architecture_id,
                found=search.found,
                variants=tuple(_variants(session, search.id)),
                same_resolution=()
                if control is None
                else tuple(self._same_resolution(session, control, cell, member)),
            )

        self.hold.check()
        return self.database.transact(read)

    def _same_resolution(
        self, session: Session, search_id: str, cell: Cell, member: int
    ) -> list[DrawnVariant]:
        """Variants of the original's resolution, as many as it has others, without itself.

        One too many was drawn, in case that it is among them.
        """
        original_id = searches.get(session, search_id).architecture_id
        others = [it for it in _variants(session, search_id) if it.architecture_id != original_id]
        seed = seed_of(self.terms, "one too many", *cell, member)
        number = min(self.terms.variants, len(others))
        kept = random.Random(seed).sample(range(len(others)), number)
        return [others[place] for place in sorted(kept)]

    def networks(self, drawn: Mapping[int, Sequence[int]]) -> Iterator[DrawnNetwork]:
        """Yield networks of the grid that are trained for themselves, by resolution and number."""
        for resolution, members in drawn.items():
            grid = grid_of(self.terms, resolution)
            self.hold.check()
            with self.database.write() as session:
                ids = [architectures.kept(session, grid.member(member)).id for member in members]
            for member, id_ in zip(members, ids, strict=True):
                yield DrawnNetwork(member=member, architecture_id=id_, resolution=resolution)


def _variants(session: Session, search_id: str) -> Iterator[DrawnVariant]:
    """Store the networks that a search found, and yield them in its order."""
    problem = problem_of(session, searches.get(session, search_id))
    deriver = Deriver(problem)
    rows = variants.positions(session, search_id)
    own = _rows_read(coverage(problem.architecture), problem.architecture)
    for row in variants.at(session, search_id, rows):
        network = deriver.describer.architecture(deriver.assignment(row))
        architectures.add(session, network)
        yield DrawnVariant(
            search_id=search_id,
            position=row.position,
            architecture_id=network.id,
            resolution=row.resolution,
            reads_more_rows=_rows_read(row.coverage, network) > own,
        )


def _rows_read(share: float, network: Architecture) -> int:
    """The number of rows that a network's first convolution reads, from their share."""
    return round(share * network.resolution)
