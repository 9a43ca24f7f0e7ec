import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.documents import ARCHITECTURE, JOB, SEARCH, as_read, assert_told, slips

JSON = {"Content-Type": "application/json", "Prefer": "wait=0"}
POSTED = st.one_of(
    slips(ARCHITECTURE).map(lambda it: ("/v1/architectures", it)),
    slips(SEARCH).map(lambda it: ("/v1/searches", it)),
    slips(JOB).map(lambda it: ("/v1/jobs", it)),
)


@settings(
    deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(POSTED)
def test_every_fault_of_a_body_is_told_in_our_words_at_a_place_that_it_has(
    sqlite_client: TestClient, posted: tuple[str, Any]
) -> None:
    url, body = posted
    answer = sqlite_client.post(url, content=json.dumps(body), headers=JSON)
    if answer.status_code == 422:
        faults = answer.json()["errors"]
        assert faults
        for fault in faults:
            root, *parts = fault["pointer"].split("/")
            assert root == "#"
            place = tuple(part.replace("~1", "/").replace("~0", "~") for part in parts)
            assert_told(as_read(body), place, fault["detail"])
    else:  # what is left is good, or names a search that is not there
        assert answer.status_code in (200, 201, 202, 404)


@pytest.mark.parametrize(
    ("url", "pointer", "detail"),
    [
        ("/v1/searches?limit=abc", "query/limit", "expected a whole number"),
        ("/v1/searches?limit=0", "query/limit", "expected a number of at least 1"),
        (
            "/v1/variants?limit=201",
            "query/limit",
            "expected a whole number from 1 to 200",
        ),
        (
            "/v1/variants?approach=iv",
            "query/approach",
            'expected "I", "II", "III", "IV" or "V"; write "IV"',
        ),
        (
            "/v1/variants?min_resolution=x",
            "query/min_resolution",
            "expected a whole number from 0 to 2,147,483,647",
        ),
        (
            "/v1/variants?min_resolutions=3",
            "query/min_resolutions",
            "unknown key 'min_resolutions'; do you mean 'min_resolution'? (known are approach, "
            "budget, scope, search_id, dataset, min_resolution, max_resolution, min_params, "
            "max_params, "
            "min_flops, max_flops, min_coverage, max_coverage, min_accuracy, max_accuracy, sort, "
            "limit and cursor)",
        ),
        (
            "/v1/searches/a.b",
            "path/id",
            "expected text of letters, digits, '_' and '-'",
        ),
        (
            f"/v1/searches?cursor={'x' * 501}",
            "query/cursor",
            "expected text, at most 500 characters long",
        ),
    ],
)
def test_what_a_parameter_cannot_be_is_told_in_our_words(
    sqlite_client: TestClient, url: str, pointer: str, detail: str
) -> None:
    answer = sqlite_client.get(url)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": pointer, "detail": detail}]


@pytest.mark.parametrize("content", ["", "relu", "[", '"text"', "5", "null"])
def test_a_body_that_is_no_object_is_told_as_a_whole(
    sqlite_client: TestClient, content: str
) -> None:
    for url in ("/v1/architectures", "/v1/searches", "/v1/jobs"):
        (fault,) = sqlite_client.post(url, content=content, headers=JSON).json()["errors"]
        assert fault["pointer"] == "#"
        assert_told(content, (), fault["detail"])
