"""The asynchronous client does what the blocking one does."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from app import client as package
from app.client import AsyncClient, Client, InvalidError, JobFailedError
from tests.app.client.factories import (
    Script,
    answer,
    away,
    end_event,
    page,
    refusal,
    run_event,
    stream,
)
from tests.app.views import JOB_ID, SEARCH_ID, job_view, search_view, variant_view, worker_view


def run(script: Script, work: Callable[[AsyncClient], Awaitable[Any]]) -> Any:
    async def whole() -> Any:
        async with script.async_client() as client:
            return await work(client)

    return asyncio.run(whole())


@pytest.mark.parametrize(
    "name", ["Client", "Job", "Search", "StoredArchitecture", "Study", "Variant"]
)
def test_both_clients_have_the_same_methods_with_the_same_arguments(name: str) -> None:
    blocking, other = getattr(package, name), getattr(package, f"Async{name}")
    for method, function in inspect.getmembers(blocking, inspect.isfunction):
        if method.startswith("__"):
            continue
        same = inspect.signature(getattr(other, method))
        assert [*inspect.signature(function).parameters] == [*same.parameters], method
    names = {it for it in dir(blocking) if not it.startswith("_")}
    assert names == {it for it in dir(other) if not it.startswith("_")}


def test_a_search_is_tried_again_waited_for_and_paged() -> None:
    script = Script(
        away(),
        refusal(503, Retry_After="2"),
        answer(search_view(state="running", outcome=None), 202),
        answer(search_view()),
        page([variant_view(0)], "b"),
        page([variant_view(1)]),
    )

    async def work(client: AsyncClient) -> list[str]:
        search = await client.search({}, approach="IV", budget="params")
        return [variant.id async for variant in search.variants()]

    assert run(script, work) == [f"{SEARCH_ID}-0", f"{SEARCH_ID}-1"]
    assert script.pauses[1] == 2.0


def test_a_job_is_followed_though_its_stream_breaks_off() -> None:
    script = Script(
        answer(job_view("running", done=0), 202),
        stream(run_event(0, "1")),
        away(),
        stream(run_event(1, "2"), end_event("3")),
        answer(job_view()),
    )

    async def work(client: AsyncClient) -> list[int]:
        job = await client.train(SEARCH_ID)
        seeds = [run.seed async for run in job.follow()]
        assert job.state == "succeeded"
        return seeds

    assert run(script, work) == [0, 1]
    assert script.header("Last-Event-ID")[1:4] == [None, "1", "1"]


def test_refusals_and_failures_are_the_same_exceptions() -> None:
    async def search(client: AsyncClient) -> None:
        await client.search({})

    async def wait(client: AsyncClient) -> None:
        await (await client.job(JOB_ID)).wait(progress=True)

    with pytest.raises(InvalidError):
        run(Script(refusal(422)), search)
    with pytest.raises(JobFailedError):
        run(Script(answer(job_view("failed"))), wait)


def test_a_source_is_awaited() -> None:
    script = Script(answer(variant_view()), httpx2.Response(200, text="import torch"))

    async def work(client: AsyncClient) -> str:
        variant = await client.variant("a-1")
        return await variant.source

    assert run(script, work) == "import torch"


def test_an_onnx_file_is_awaited() -> None:
    script = Script(answer(variant_view()), httpx2.Response(200, content=b"\x08\x0a"))

    async def work(client: AsyncClient) -> bytes:
        variant = await client.variant("a-1")
        return await variant.onnx()

    assert run(script, work) == b"\x08\x0a"


def test_workers_are_listed() -> None:
    async def work(client: AsyncClient) -> list[str]:
        return [worker.name async for worker in client.workers()]

    script = Script(page([worker_view(name="a")], "b"), page([worker_view(name="c")]))
    assert run(script, work) == ["a", "c"]


def test_many_jobs_are_waited_for_at_once() -> None:
    async def work(client: AsyncClient) -> list[str]:
        jobs = [await client.job(str(number)) for number in range(20)]
        return [job.state for job in await asyncio.gather(*(job.wait() for job in jobs))]

    script = Script(*[answer(job_view("running")) for _ in range(50)], answer(job_view()))
    assert run(script, work) == ["succeeded"] * 20


def test_the_blocking_client_works_where_an_event_loop_runs() -> None:
    script = Script(
        answer(job_view("running")), stream(run_event(0, "1"), end_event("2")), answer(job_view())
    )

    async def cell() -> int:
        client: Client = script.client()
        for run_ in client.job(JOB_ID).follow():
            return run_.seed
        return -1

    assert asyncio.run(cell()) == 0
