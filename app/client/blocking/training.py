"""Jobs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Self

from app.client import calls
from app.client.data import JobData
from app.client.driving import iterate, run
from app.client.errors import JobFailedError
from app.client.flows import Flows, JobEvent
from app.client.frames import frame
from app.client.progress import Show, job_bar, shown
from app.schemas.events import RunEvent
from app.schemas.jobs import JobView, RunView

if TYPE_CHECKING:
    import pandas as pd


class Job(JobData):
    """A job: an original and variants of it, trained with some seeds each.

    Its attributes are those of the last look at it; :meth:`refresh` looks again.
    """

    def __init__(self, flows: Flows, view: JobView) -> None:
        super().__init__(view)
        self._flows = flows

    def refresh(self) -> Self:
        """Look at the job again. Returns itself."""
        self._view = run(self._flows.ask(calls.job(self.id)))
        return self

    def wait(self, progress: bool | Show[JobView] = False, timeout: float | None = None) -> Self:
        """Wait until the job has ended, also while the service is away. Returns itself.

        Parameters
        ----------
        progress
            Whether to show a bar, or a function that shows the job each time it is looked at.
        timeout
            Seconds to wait at most; for as long as it takes where left out.

        Raises
        ------
        JobFailedError
            It failed, or was cancelled.
        WaitTimeoutError
            It has not ended after ``timeout`` seconds.
        """
        with shown(progress, job_bar) as show:
            for view in iterate(self._flows.until_ended(calls.job(self.id), timeout)):
                self._view = view
                show(view)
        if self.state != "succeeded":
            raise JobFailedError(self)
        return self

    def follow(self) -> Iterator[RunEvent]:
        """Yield each run as it ends, from the first on, until the job has ended.

        It goes on while the service is away, and no run is lost or told twice. The job has been
        looked at again when the last run has been told; one that failed raises nothing.
        """
        yield from iterate(self._flows.ended_runs(self.id))
        self.refresh()

    def events(self) -> Iterator[JobEvent]:
        """Yield all that happens: epochs, ends of runs, progress, the end of the job.

        Raises
        ------
        EventsUnavailableError
            Server-sent events do not get through.
        """
        yield from iterate(self._flows.job_events(self.id))

    def runs(self) -> Iterator[RunView]:
        """Yield every run with its curves: the original's first, then each variant's."""
        yield from iterate(self._flows.items(calls.runs(self.id)))

    def to_pandas(self) -> pd.DataFrame:
        """Every run as a line of a frame: network, seed, accuracies, time, worker.

        Raises
        ------
        PandasMissingError
            pandas is not installed.
        """
        return frame(run(self._flows.ask(calls.results_csv("jobs", self.id))))

    def cancel(self) -> Self:
        """End the job; nothing happens if it has ended. Returns itself."""
        self._view = run(self._flows.ask(calls.cancel_job(self.id)))
        return self

    def retry(self) -> Self:
        """Have what failed trained once more. Returns itself.

        Raises
        ------
        ConflictError
            Nothing failed.
        """
        self._view = run(self._flows.ask(calls.retry_job(self.id)))
        return self
