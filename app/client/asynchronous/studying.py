"""Studies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Self

from app.client import calls
from app.client.data import StudyData
from app.client.errors import StudyFailedError
from app.client.flows import Flows, StudyEvent
from app.client.frames import frame
from app.client.progress import Show, shown, study_bar
from app.schemas.studies import StudySummary

if TYPE_CHECKING:
    import pandas as pd


class AsyncStudy(StudyData):
    """A study, as :class:`~app.client.blocking.studying.Study` is one."""

    def __init__(self, flows: Flows, view: StudySummary) -> None:
        super().__init__(view)
        self._flows = flows

    async def refresh(self) -> Self:
        """Look at the study again. Returns itself."""
        self._view = await self._flows.ask(calls.study(self.id))
        return self

    async def wait(
        self, progress: bool | Show[StudySummary] = False, timeout: float | None = None
    ) -> Self:
        """Wait until the study has ended, also while the service is away. Returns itself."""
        with shown(progress, study_bar) as show:
            async for view in self._flows.until_ended(calls.study(self.id), timeout):
                self._view = view
                show(view)
        if self.state != "succeeded":
            raise StudyFailedError(self)
        return self

    def events(self) -> AsyncIterator[StudyEvent]:
        """Yield how the study goes: its phase and its progress, and the end."""
        return self._flows.study_events(self.id)

    async def results_csv(self) -> bytes:
        """Every run as a line of a CSV table: cell, original, role, seed, accuracies, time."""
        return await self._flows.ask(calls.results_csv("studies", self.id))

    async def to_pandas(self) -> pd.DataFrame:
        """The same table as a frame."""
        return frame(await self.results_csv())

    async def cancel(self) -> Self:
        """End the study; nothing happens if it has ended. Returns itself."""
        self._view = await self._flows.ask(calls.cancel_study(self.id))
        return self
