"""Jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Self

from app.client import calls
from app.client.data import JobData
from app.client.errors import JobFailedError
from app.client.flows import Flows, JobEvent
from app.client.frames import frame
from app.client.progress import Show, job_bar, shown
from app.schemas.events import RunEvent
from app.schemas.jobs import JobView, RunView

if TYPE_CHECKING:
    import pandas as pd


class AsyncJob(JobData):
    """A job, as :class:`~app.client.blocking.training.Job` is one."""

    def __init__(self, flows: Flows, view: JobView) -> None:
        super().__init__(view)
        self._flows = flows

    async def refresh(self) -> Self:
        """Look at the job again. Returns itself."""
        self._view = await self._flows.ask(calls.job(self.id))
        return self

    async def wait(
        self, progress: bool | Show[JobView] = False, timeout: float | None = None
    ) -> Self:
        """Wait until the job has ended, also while the service is away. Returns itself."""
        with shown(progress, job_bar) as show:
            async for view in self._flows.until_ended(calls.job(self.id), timeout):
                self._view = view
                show(view)
        if self.state != "succeeded":
            raise JobFailedError(self)
        return self

    async def follow(self) -> AsyncIterator[RunEvent]:
        """Yield each run as it ends, from the first on, until the job has ended."""
        async with aclosing(self._flows.ended_runs(self.id)) as runs:
            async for run in runs:
                yield run
        await self.refresh()

    def events(self) -> AsyncIterator[JobEvent]:
        """Yield all that happens: epochs, ends of runs, progress, the end of the job."""
        return self._flows.job_events(self.id)

    def runs(self) -> AsyncIterator[RunView]:
        """Yield every run with its curves: the original's first, then each variant's."""
        return self._flows.items(calls.runs(self.id))

    async def to_pandas(self) -> pd.DataFrame:
        """Every run as a line of a frame: network, seed, accuracies, time, worker."""
        return frame(await self._flows.ask(calls.results_csv("jobs", self.id)))

    async def cancel(self) -> Self:
        """End the job; nothing happens if it has ended. Returns itself."""
        self._view = await self._flows.ask(calls.cancel_job(self.id))
        return self

    async def retry(self) -> Self:
        """Have what failed trained once more. Returns itself."""
        self._view = await self._flows.ask(calls.retry_job(self.id))
        return self
