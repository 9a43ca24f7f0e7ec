"""What the client answers is typed by the service's schemas: mypy checks these, too."""

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, assert_type

from app.client import AsyncClient, AsyncJob, AsyncSearch, Client, Job, Search, Variant
from app.schemas.events import RunEvent
from app.schemas.jobs import JobView, RunView
from app.schemas.results import MeanVariant, Results
from app.states import State
from solver.answers.variants import Explanation, Outcome
from solver.network.architecture import Architecture
from solver.network.counting import Counts
from tests.app.client.factories import Script, answer, page
from tests.app.views import job_view, run_view, search_view, variant_view

if TYPE_CHECKING:
    import pandas as pd


def test_answers_have_the_types_of_the_schemas() -> None:
    client: Client = Script(answer(search_view())).client()
    search = assert_type(client.search({}, approach="IV", budget="params"), Search)
    assert_type(search.state, State)
    assert_type(search.outcome, Outcome | None)
    assert_type(search.explanation, Explanation | None)
    assert_type(search.original.counts, Counts)

    client = Script(answer(job_view()), page([run_view()])).client()
    job = assert_type(client.train(search, dataset="mnist", seeds=3), Job)
    assert_type(job.results, Results)
    assert_type(job.results.mean_variant, MeanVariant | None)
    assert_type(job.view, JobView)
    assert [type(run) for run in assert_type(job.runs(), Iterator[RunView])] == [RunView]
    assert_type(job.follow(), Iterator[RunEvent])

    variants = assert_type(Script(page([variant_view()])).client().variants(), Iterator[Variant])
    variant = next(variants)
    assert isinstance(assert_type(variant.architecture, Architecture), Architecture)


async def only_typed(client: AsyncClient) -> Any:
    """The types of the asynchronous client."""
    search = assert_type(await client.search({}, budget="flops"), AsyncSearch)
    job = assert_type(await client.train(search), AsyncJob)
    assert_type(job.follow(), AsyncIterator[RunEvent])
    frame: pd.DataFrame = await job.to_pandas()
    async for variant in search.variants():
        assert_type(await variant.source, str)
    return frame
