"""Lists are followed page by page, as far as they are read."""

from collections.abc import Callable, Iterator

import pytest

from app.client import Client
from tests.app.client.factories import Script, answer, page
from tests.app.views import (
    JOB_ID,
    SEARCH_ID,
    job_view,
    run_view,
    search_view,
    variant_view,
    worker_view,
)


def test_a_search_gives_all_its_variants_in_the_order_that_was_asked_for() -> None:
    script = Script(
        answer(search_view()),
        page([variant_view(0), variant_view(1)], "b/c+d"),
        page([variant_view(2)]),
    )
    found = list(script.client().get_search(SEARCH_ID).variants(sort="-resolution,params"))
    assert [variant.id[-1] for variant in found] == ["0", "1", "2"]
    first, second = (request.url.params for request in script.requests[1:])
    assert dict(first) == {"limit": "200", "sort": "-resolution,params"}
    assert dict(second) == {**first, "cursor": "b/c+d"}


def test_a_page_that_nobody_reads_is_not_fetched() -> None:
    script = Script(page([variant_view(0), variant_view(1)], "b"))
    variants = script.client().variants()
    assert script.calls == []
    next(variants)
    assert len(script.calls) == 1


def test_filters_are_those_of_the_service() -> None:
    script = Script(page([]))
    assert list(script.client().variants(approach="IV", min_resolution=7, sort="-params")) == []
    params = dict(script.requests[0].url.params)
    assert params == {"limit": "200", "approach": "IV", "min_resolution": "7", "sort": "-params"}


LISTS: list[tuple[str, Callable[[Client], Iterator[object]], object]] = [
    ("/v1/searches", lambda client: client.searches(), search_view()),
    ("/v1/jobs", lambda client: client.jobs(), job_view()),
    ("/v1/variants", lambda client: client.variants(), variant_view()),
    ("/v1/workers", lambda client: client.workers(), worker_view()),
]


@pytest.mark.parametrize(("path", "items", "view"), LISTS)
def test_every_list_is_followed_to_its_end(
    path: str, items: Callable[[Client], Iterator[object]], view: object
) -> None:
    script = Script(page([view], "b"), page([view]))
    assert len(list(items(script.client()))) == 2
    assert [request.url.path for request in script.requests] == [path] * 2


def test_a_job_gives_all_its_runs_with_their_curves() -> None:
    epoch = {
        "epoch": 1,
        "train_loss": 1.0,
        "validation_loss": 1.0,
        "validation_accuracy": 0.5,
        "seconds": 0.1,
    }
    script = Script(answer(job_view()), page([run_view(epochs=[epoch])], "b"), page([run_view()]))
    first, _ = script.client().job(JOB_ID).runs()
    assert first.epochs[0].validation_accuracy == 0.5
