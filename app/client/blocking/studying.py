"""Studies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Self

from app.client import calls
from app.client.data import StudyData
from app.client.driving import iterate, run
from app.client.errors import StudyFailedError
from app.client.flows import Flows, StudyEvent
from app.client.frames import frame
from app.client.progress import Show, shown, study_bar
from app.schemas.studies import StudySummary

if TYPE_CHECKING:
    import pandas as pd


class Study(StudyData):
    """A study: what variants of many originals gain, cell by cell.

    Its attributes are those of the last look at it; :meth:`refresh` looks again.
    """

    def __init__(self, flows: Flows, view: StudySummary) -> None:
        super().__init__(view)
        self._flows = flows

    def refresh(self) -> Self:
        """Look at the study again. Returns itself."""
        self._view = run(self._flows.ask(calls.study(self.id)))
        return self

    def wait(
        self, progress: bool | Show[StudySummary] = False, timeout: float | None = None
    ) -> Self:
        """Wait until the study has ended, also while the service is away. Returns itself.

        Parameters
        ----------
        progress
            Whether to show a bar, or a function that shows the study each time it is looked at.
        timeout
            Seconds to wait at most; for as long as it takes where left out.

        Raises
        ------
        StudyFailedError
            It failed, or was cancelled.
        WaitTimeoutError
            It has not ended after ``timeout`` seconds.
        """
        with shown(progress, study_bar) as show:
            for view in iterate(self._flows.until_ended(calls.study(self.id), timeout)):
                self._view = view
                show(view)
        if self.state != "succeeded":
            raise StudyFailedError(self)
        return self

    def events(self) -> Iterator[StudyEvent]:
        """Yield how the study goes: its phase and its progress, and the end.

        Raises
        ------
        EventsUnavailableError
            Server-sent events do not get through.
        """
        yield from iterate(self._flows.study_events(self.id))

    def results_csv(self) -> bytes:
        """Every run as a line of a CSV table: cell, original, role, seed, accuracies, time."""
        return run(self._flows.ask(calls.results_csv("studies", self.id)))

    def to_pandas(self) -> pd.DataFrame:
        """The same table as a frame.

        Raises
        ------
        PandasMissingError
            pandas is not installed.
        """
        return frame(self.results_csv())

    def cancel(self) -> Self:
        """End the study; nothing happens if it has ended. Returns itself."""
        self._view = run(self._flows.ask(calls.cancel_study(self.id)))
        return self
