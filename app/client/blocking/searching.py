"""Searches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Self

from app.client import calls
from app.client.blocking.networks import Variant
from app.client.data import SearchData
from app.client.driving import iterate, run
from app.client.errors import SearchFailedError
from app.client.flows import Flows
from app.client.frames import frame
from app.client.progress import Show, search_status, shown
from app.schemas.events import SearchProgressEvent
from app.schemas.searches import SearchSummary

if TYPE_CHECKING:
    import pandas as pd


class Search(SearchData):
    """A search: what was asked, how it ended, and what it found.

    Its attributes are those of the last look at it; :meth:`refresh` looks again.
    """

    def __init__(self, flows: Flows, view: SearchSummary) -> None:
        super().__init__(view)
        self._flows = flows

    def refresh(self) -> Self:
        """Look at the search again. Returns itself."""
        self._view = run(self._flows.ask(calls.search(self.id)))
        return self

    def wait(
        self, progress: bool | Show[SearchSummary] = False, timeout: float | None = None
    ) -> Self:
        """Wait until the search has ended, also while the service is away. Returns itself.

        Parameters
        ----------
        progress
            Whether to show how many variants were found so far, or a function that shows it.
        timeout
            Seconds to wait at most; for as long as it takes where left out.

        Raises
        ------
        SearchFailedError
            It failed, or was cancelled.
        WaitTimeoutError
            It has not ended after ``timeout`` seconds.
        """
        if not self.has_ended:
            with shown(progress, search_status) as show:
                for view in iterate(self._flows.until_ended(calls.search(self.id), timeout)):
                    self._view = view
                    show(view)
        if self.state != "succeeded":
            raise SearchFailedError(self)
        return self

    def follow(self) -> Iterator[SearchProgressEvent]:
        """Yield how the search goes, until it has ended: found so far, best so far, its bound.

        It goes on while the service is away. The search has been looked at again when the last
        progress has been told; one that failed raises nothing.
        """
        yield from iterate(self._flows.search_progress(self.id))
        self.refresh()

    def variants(self, sort: str | None = None) -> Iterator[Variant]:
        """Yield the variants that were found; pages are fetched when they are needed.

        Parameters
        ----------
        sort
            Any of ``resolution, params, flops, coverage, receptive_field``, with commas between
            them and ``-`` for descending; in the solver's order where left out.
        """
        for view in iterate(self._flows.items(calls.search_variants(self.id, sort))):
            yield Variant(self._flows, view)

    def to_pandas(self) -> pd.DataFrame:
        """All variants as a frame: unknowns, counts, coverage, accuracy where trained.

        Raises
        ------
        PandasMissingError
            pandas is not installed.
        """
        return frame(run(self._flows.ask(calls.search_variants_csv(self.id))))

    def delete(self) -> None:
        """Cancel the search if it runs; remove it, with its variants, if it has ended.

        Raises
        ------
        ConflictError
            Jobs or studies refer to it.
        """
        run(self._flows.ask(calls.delete_search(self.id)))
