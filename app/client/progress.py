"""Shows on a terminal, or in a notebook, how a wait goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Protocol, TypeVar

from app.schemas.jobs import JobView, ProgressView
from app.schemas.searches import SearchSummary
from app.schemas.studies import StudySummary

if TYPE_CHECKING:
    from rich.console import Console

V = TypeVar("V")
Show = Callable[[V], None]
"""Called with what is waited for, each time that it is looked at."""


def shown(
    progress: bool | Show[V], bar: Callable[[], AbstractContextManager[Show[V]]]
) -> AbstractContextManager[Show[V]]:
    """The way in which a wait is shown: not at all, by the bar, or by the caller's function."""
    if callable(progress):
        return nullcontext(progress)
    return bar() if progress else nullcontext(_ignore)


def _ignore(_: object) -> None:
    pass


def job_bar(console: Console | None = None) -> AbstractContextManager[Show[JobView]]:
    """A bar that shows how far a job is; on standard error, unless a console is given."""
    return _bar(console, lambda job: f"training {job.progress.runs_total:,} runs")


def study_bar(console: Console | None = None) -> AbstractContextManager[Show[StudySummary]]:
    """A bar that shows what a study does, and how far its runs are."""
    return _bar(console, _doing)


def _doing(study: StudySummary) -> str:
    if study.phase == "counting":
        return "counting variants"
    if study.phase == "searching":
        return "searching"
    return f"training {study.progress.runs_total:,} runs"


class HasProgress(Protocol):
    """What has runs."""

    @property
    def progress(self) -> ProgressView:
        """How far they are."""


H = TypeVar("H", bound=HasProgress)


@contextmanager
def _bar(console: Console | None, described: Callable[[H], str]) -> Iterator[Show[H]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    where = console or Console(stderr=True)
    with Progress(*columns, TimeElapsedColumn(), console=where) as bar:
        task = bar.add_task("training", total=1.0)

        def show(what: H) -> None:
            bar.update(task, completed=what.progress.fraction, description=described(what))

        yield show


@contextmanager
def search_status(console: Console | None = None) -> Iterator[Show[SearchSummary]]:
    """A line that shows how many variants a search has found."""
    from rich.console import Console

    with (console or Console(stderr=True)).status("solving …") as status:
        yield lambda search: status.update(f"solving … {search.found:,} found")
