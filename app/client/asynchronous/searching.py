"""Searches."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Self

from app.client import calls
from app.client.asynchronous.networks import AsyncVariant
from app.client.data import SearchData
from app.client.errors import SearchFailedError
from app.client.flows import Flows
from app.client.frames import frame
from app.client.progress import Show, search_status, shown
from app.schemas.events import SearchProgressEvent
from app.schemas.searches import SearchSummary

if TYPE_CHECKING:
    import pandas as pd


class AsyncSearch(SearchData):
    """A search, as :class:`~app.client.blocking.searching.Search` is one."""

    def __init__(self, flows: Flows, view: SearchSummary) -> None:
        super().__init__(view)
        self._flows = flows

    async def refresh(self) -> Self:
        """Look at the search again. Returns itself."""
        self._view = await self._flows.ask(calls.search(self.id))
        return self

    async def wait(
        self, progress: bool | Show[SearchSummary] = False, timeout: float | None = None
    ) -> Self:
        """Wait until the search has ended, also while the service is away. Returns itself."""
        if not self.has_ended:
            with shown(progress, search_status) as show:
                async for view in self._flows.until_ended(calls.search(self.id), timeout):
                    self._view = view
                    show(view)
        if self.state != "succeeded":
            raise SearchFailedError(self)
        return self

    async def follow(self) -> AsyncIterator[SearchProgressEvent]:
        """Yield how the search goes, until it has ended: found so far, best so far, its bound."""
        async with aclosing(self._flows.search_progress(self.id)) as events:
            async for event in events:
                yield event
        await self.refresh()

    async def variants(self, sort: str | None = None) -> AsyncIterator[AsyncVariant]:
        """Yield the variants that were found; pages are fetched when they are needed."""
        async for view in self._flows.items(calls.search_variants(self.id, sort)):
            yield AsyncVariant(self._flows, view)

    async def to_pandas(self) -> pd.DataFrame:
        """All variants as a frame: unknowns, counts, coverage, accuracy where trained."""
        return frame(await self._flows.ask(calls.search_variants_csv(self.id)))

    async def delete(self) -> None:
        """Cancel the search if it runs; remove it, with its variants, if it has ended."""
        await self._flows.ask(calls.delete_search(self.id))
