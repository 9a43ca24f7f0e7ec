"""What users hand to the client, and what the service is sent."""

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest

from app.client import Client, ServerError, StoredArchitecture, Variant
from app.client.documents import VariantFilters
from app.db.variants import VariantFilter
from app.schemas.requests import HalvingSelection, JobRequest, SearchRequest
from app.shipped import example
from solver.network.architecture import Architecture
from solver.network.counting import count
from solver.problem import Best, Ranges
from solver.variation.tolerance import Tolerance
from tests.app.client.factories import Script, answer, page, refusal
from tests.app.views import SEARCH_ID, job_view, search_view, variant_view

DOCUMENT = example("digits-architecture")
ARCHITECTURE = Architecture.model_validate(DOCUMENT)
WHOLE = ARCHITECTURE.model_dump(mode="json")


def stored() -> dict[str, Any]:
    counts = count(ARCHITECTURE).model_dump()
    empty: dict[str, Any] = {"layers": [], "groups": [], "ungrouped": None}
    return {"id": ARCHITECTURE.id, "architecture": WHOLE, "counts": counts, **empty}


def searched(architecture: Any, **terms: Any) -> Any:
    """The body of a search."""
    script = Script(answer(search_view()))
    script.client().search(architecture, **terms)
    return script.body()


def trained(**terms: Any) -> Any:
    """The body of a job."""
    script = Script(answer(job_view()))
    script.client().train(SEARCH_ID, **terms)
    return script.body()


def of_client(answers: dict[str, Any], get: Callable[[Client], Any]) -> Any:
    return get(Script(answer(answers)).client())


def test_an_architecture_is_given_in_any_form(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(DOCUMENT))
    for form in (DOCUMENT, path, str(path)):
        assert searched(form)["architecture"] == DOCUMENT
    assert searched(ARCHITECTURE)["architecture"] == WHOLE


def test_what_the_client_returned_can_be_searched_from() -> None:
    known: StoredArchitecture = of_client(stored(), lambda client: client.architecture(DOCUMENT))
    assert searched(known)["architecture_id"] == ARCHITECTURE.id
    assert searched(known.view)["architecture_id"] == ARCHITECTURE.id
    assert searched(ARCHITECTURE.id)["architecture_id"] == ARCHITECTURE.id
    variant: Variant = of_client(variant_view(), lambda client: client.variant("1"))
    assert searched(variant)["architecture"] == WHOLE


def test_an_architecture_is_posted_and_one_with_an_id_is_fetched() -> None:
    script = Script(answer(stored()))
    client = script.client()
    assert client.architecture(DOCUMENT).counts == count(ARCHITECTURE)
    client.architecture(ARCHITECTURE.id)
    assert script.calls == [
        "POST /v1/architectures",
        f"GET /v1/architectures/{ARCHITECTURE.id}",
    ]


def test_a_file_that_is_not_there_is_not_taken_for_an_id() -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.json"):
        searched("none.json")


def test_what_is_no_architecture_is_said_to_be_none() -> None:
    with pytest.raises(TypeError, match="not int"):
        searched(3)


def test_what_is_left_out_is_left_to_the_service() -> None:
    assert searched({}) == {"architecture": {}, "approach": "IV", "budget": "params"}
    assert trained() == {"search_id": SEARCH_ID, "dataset": "mnist"}


def test_terms_are_sent_as_they_are_given() -> None:
    body = searched(
        {},
        approach="II",
        budget="flops",
        scope="paper",
        ranges={"resolution": (6, 8)},
        tolerance=0.01,
        find={"sample": 5, "seed": 1},
        kernel_grows=False,
        count_pooling=False,
        min_coverage=0.5,
        limit=7,
        time_limit=1.5,
    )
    del body["architecture"]
    assert body == {
        "approach": "II",
        "budget": "flops",
        "scope": "paper",
        "ranges": {"resolution": [6, 8]},
        "tolerance": 0.01,
        "find": {"sample": 5, "seed": 1},
        "kernel_grows": False,
        "count_pooling": False,
        "min_coverage": 0.5,
        "limit": 7,
        "time_limit": 1.5,
    }


def test_terms_may_be_the_schemas_of_the_solver() -> None:
    body = searched(
        {},
        ranges=Ranges.model_validate({"resolution": [6, 8]}),
        tolerance=Tolerance(below=0.01),
        find=Best(best="max_resolution", top=3),
    )
    assert body["ranges"]["resolution"] == [6, 8]
    assert body["tolerance"] == {"below": 0.01, "above": 0.0}
    assert body["find"] == {"best": "max_resolution", "top": 3, "diverse": False}


def test_ranges_and_arrays_are_sent_as_lists() -> None:
    body = searched(
        {}, ranges={"resolution": range(6, 8), "padding": np.array([0, 5])}, limit=np.int64(7)
    )
    assert body["ranges"] == {"resolution": [6, 7], "padding": [0, 5]}
    assert body["limit"] == 7
    with pytest.raises(TypeError, match="cannot be sent as JSON"):
        searched({}, limit=object())


def test_a_whole_request_is_sent_as_it_is(tmp_path: Path) -> None:
    request = example("digits-search")
    path = tmp_path / "request.json"
    path.write_text(json.dumps(request))
    for form in (request, path):
        script = Script(answer(search_view()))
        script.client().search_request(form)
        assert script.body() == request


@pytest.mark.parametrize(
    ("variants", "selection"),
    [
        (4, {"select": "random", "count": 4}),
        ("all", {"select": "all"}),
        (["a-1", "a-2"], {"ids": ["a-1", "a-2"]}),
        ({"select": "halving"}, {"select": "halving"}),
        (
            HalvingSelection(select="halving", count=8),
            {
                "select": "halving",
                "count": 8,
                "eta": 4,
                "min_epochs": 1,
                "seed": 0,
                "ids": None,
            },
        ),
    ],
)
def test_variants_are_chosen_in_any_form(variants: Any, selection: Any) -> None:
    assert trained(variants=variants)["variants"] == selection


def test_variants_that_the_client_returned_are_chosen_by_their_ids() -> None:
    found = list(Script(page([variant_view(3)])).client().variants())
    assert trained(variants=found)["variants"] == {"ids": [f"{SEARCH_ID}-3"]}


def test_one_id_is_not_taken_for_a_list_of_letters() -> None:
    with pytest.raises(TypeError, match="a list of ids"):
        trained(variants="a-1")


def test_ids_cannot_lead_to_another_address() -> None:
    script = Script(answer(job_view()))
    script.client().job("../../metrics?x#y")
    assert script.requests[0].url.raw_path == b"/v1/jobs/..%2F..%2Fmetrics%3Fx%23y"


def test_a_source_is_fetched_once() -> None:
    script = Script(answer(variant_view()), answer("unused"))
    variant = script.client().variant("a-1")
    script._answers = [lambda _: answer("text")]
    assert variant.source == variant.source
    assert script.calls[1:] == [f"GET /v1/variants/{variant.id}/model.py"]


def test_an_onnx_file_is_given_the_time_that_it_takes() -> None:
    script = Script(answer(variant_view()), httpx2.Response(200, content=b"\x08\x0a"))
    variant = script.client(timeout=30).variant("a-1")

    assert variant.onnx() == b"\x08\x0a"
    assert script.calls[1:] == [f"GET /v1/variants/{variant.id}/model.onnx"]
    assert script.requests[1].extensions["timeout"]["read"] > 120


def test_a_service_without_pytorch_refuses_an_onnx_file_at_once() -> None:
    script = Script(answer(stored()), refusal(501, "pip install 'isobudget[onnx]'"))
    known = script.client().architecture(ARCHITECTURE.id)

    with pytest.raises(ServerError, match="pip install"):
        known.onnx()
    assert script.calls[1:] == [f"GET /v1/architectures/{known.id}/model.onnx"]


def arguments(function: Callable[..., object]) -> set[str]:
    own = {"self", "wait", "idempotency_key"}
    return set(inspect.signature(function).parameters) - own


def test_the_client_takes_all_that_the_service_does() -> None:
    assert arguments(Client.search) == {*SearchRequest.known_keys()} - {"architecture_id"}
    assert arguments(Client.train) - {"search"} == {*JobRequest.known_keys()} - {"search_id"}
    assert {*VariantFilters.__annotations__} == {*VariantFilter._fields, "sort"}
