from starlette.testclient import TestClient


def test_a_study_is_planned_from_the_query(sqlite_client: TestClient) -> None:
    answer = sqlite_client.get(
        "/v1/studies/plan?dataset=mnist&approach=IV&budget=params&effect=0.02&effect=0.04&seeds=2"
    )

    assert answer.status_code == 200
    assert [size["effect"] for size in answer.json()["sizes"]] == [0.02, 0.04]
    assert {size["seeds"] for size in answer.json()["sizes"]} == {2}


def test_a_data_set_without_a_spread_is_a_problem_at_its_place(sqlite_client: TestClient) -> None:
    answer = sqlite_client.get("/v1/studies/plan?dataset=cifar10")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "query/dataset"
