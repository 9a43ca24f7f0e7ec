"""A thread of the server that plans studies, one after the other."""

import logging
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from app.db import studies
from app.db.engine import Database
from app.db.errors import DatabaseError, LostLeaseError
from app.experiments.catalogue import Dataset
from app.logs import about
from app.schemas.study_terms import StudyTerms
from app.services import datasets
from app.services.condition import Condition
from app.services.endings import LONGEST_PAUSE
from app.services.planner.holding import Hold, StoppedError
from app.services.planner.planning import Planning
from app.services.planner.searching import UnplannableError
from app.services.solvers import Limits, Solvers
from solver.processes.process import SolverFailedError

logger = logging.getLogger(__name__)

POLL_SECONDS: Final = 2.0
"""Time between two looks for studies that other servers were asked for, or left behind."""
STOP_SECONDS: Final = 2.0
"""The time in which a study is given back when the server stops."""


class Planner:
    """Claims studies and plans them, as long as the server runs.

    A server that has no solver processes plans none. A study whose server vanished is claimed again
    when its lease is over; one whose server stops is given back at once.
    """

    def __init__(
        self,
        database: Database,
        condition: Condition,
        solvers: Solvers,
        limits: Limits,
        data_dir: Path,
        lease: float,
    ) -> None:
        self._database, self._condition, self._solvers = database, condition, solvers
        self._limits, self._data_dir, self._lease = limits, data_dir, lease
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._work, name="planner", daemon=True)

    def start(self) -> None:
        """Start to plan."""
        if self._limits.processes:
            self._thread.start()

    def wake(self) -> None:
        """Say that there is a new study."""
        self._woken.set()

    def stop_soon(self) -> None:
        """Give up what is being planned."""
        self._stopping.set()
        self._woken.set()

    def stop(self) -> None:
        """Give back what is being planned, for other servers."""
        self.stop_soon()
        if self._limits.processes:
            self._thread.join(STOP_SECONDS)

    def _work(self) -> None:
        pause = POLL_SECONDS
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                while not self._stopping.is_set() and self._plan_next():
                    pass
                pause = POLL_SECONDS
            except Exception as error:  # the database may be away
                if not self._condition.note(error):
                    logger.exception("no study could be planned")
                pause = min(2 * pause, LONGEST_PAUSE)
            self._woken.wait(pause)

    def _plan_next(self) -> bool:
        """Plan a study that waits. Returns whether there was one."""
        with self._database.look() as session:
            if not studies.has_claimable(session):
                return False
        with self._database.write() as session:
            claimed = studies.claim(session, self._lease)
        if claimed is None:
            return False
        key = (claimed.id, claimed.attempt)
        with (
            about(study_id=claimed.id),
            Hold(self._database, self._condition, key, self._lease, self._stopping) as hold,
        ):
            self._plan(claimed.request, hold)
        return True

    def _plan(self, terms: StudyTerms, hold: Hold) -> None:
        """Plan a study, and store how that ends if it does not succeed."""
        try:
            dataset = _dataset(self._data_dir, terms)
            Planning(self._database, self._solvers, hold, terms, dataset).run(self._limits)
        except StoppedError:
            with self._database.write() as session:
                studies.release(session, hold.id, hold.attempt)
        except LostLeaseError as lost:
            logger.warning("%s; what was planned of it was dropped", lost)
        except (UnplannableError, SolverFailedError) as refused:
            self._fail(hold, str(refused))
        except DatabaseError:
            raise
        except Exception as fault:
            logger.exception("a study could not be planned")
            self._fail(hold, f"the service failed to plan it: {type(fault).__name__}: {fault}")

    def _fail(self, hold: Hold, reason: str) -> None:
        with suppress(LostLeaseError), self._database.write() as session:
            studies.fail(session, hold.id, hold.attempt, reason)


def _dataset(data_dir: Path, terms: StudyTerms) -> Dataset:
    """The data set of a study, as it was when the study was asked for.

    Raises
    ------
    UnplannableError
        It has changed since, or is gone.
    """
    found = datasets.find(data_dir, terms.dataset)
    if found.dataset is None:
        raise UnplannableError(f"{terms.dataset}: {'; '.join(found.faults)}")
    if found.dataset.version != terms.dataset_version:
        raise UnplannableError(
            f"the images of {terms.dataset} have changed since the study was asked for; ask for it "
            "once more"
        )
    return found.dataset
