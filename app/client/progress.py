"""Shows on a terminal, or in a notebook, how a wait goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, TypeVar

from app.schemas.jobs import JobView
from app.schemas.searches import SearchSummary

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


@contextmanager
def job_bar(console: Console | None = None) -> Iterator[Show[JobView]]:
    """A bar that shows how far a job is; on standard error, unless a console is given."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    where = console or Console(stderr=True)
    with Progress(*columns, TimeElapsedColumn(), console=where) as bar:
        task = bar.add_task("training", total=1.0)

        def show(job: JobView) -> None:
            runs = f"training {job.progress.runs_total:,} runs"
            bar.update(task, completed=job.progress.fraction, description=runs)

        yield show


@contextmanager
def search_status(console: Console | None = None) -> Iterator[Show[SearchSummary]]:
    """A line that shows how many variants a search has found."""
    from rich.console import Console

    with (console or Console(stderr=True)).status("solving …") as status:
        yield lambda search: status.update(f"solving … {search.found:,} found")
