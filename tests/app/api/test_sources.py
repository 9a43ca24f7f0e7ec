"""``model.py`` downloads."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from app.db.engine import Database
from app.shipped import example
from tests import sources
from tests.factories import solved_search


def params(text: str) -> int:
    return sum(parameter.numel() for parameter in sources.variant(text).parameters())


@pytest.mark.parametrize(
    ("name", "stem"),
    [("digits-architecture", "digits_5px"), ("squeezenet1_1", "squeezenet1_1")],
)
def test_an_architecture_can_be_had_as_source(client: TestClient, name: str, stem: str) -> None:
    architecture = client.post("/v1/architectures", json=example(name)).json()

    answer = client.get(f"/v1/architectures/{architecture['id']}/model.py")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/x-python; charset=utf-8"
    file = f"{stem}_{architecture['id'][:8]}.py"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{file}"'
    assert params(answer.text) == architecture["counts"]["params"]
    assert architecture["id"] in sources.run(answer.text)["__doc__"]


def test_every_variant_can_be_had_as_source(client: TestClient, database: Database) -> None:
    with database.write() as session:
        search = solved_search(session, limit=3).id
    page = client.get(f"/v1/searches/{search}/variants").json()["items"]
    assert page

    for variant in page:
        answer = client.get(f"/v1/variants/{variant['id']}/model.py")

        assert answer.headers["Content-Type"] == "text/x-python; charset=utf-8"
        assert params(answer.text) == variant["counts"]["params"]
        assert variant["id"] in sources.run(answer.text)["__doc__"]
        sources.run(answer.text, "__main__")


def test_flops_are_those_that_the_search_counted(client: TestClient, database: Database) -> None:
    pooled: dict[str, Any] = {
        "input": {"channels": 1, "resolution": 8},
        "layers": [
            {"type": "conv2d", "out_channels": 4, "kernel_size": 3},
            {"type": "max_pool2d", "kernel_size": 2},
            {"type": "conv2d", "out_channels": 4, "kernel_size": 2},
        ],
    }
    asked = {"architecture": pooled, "approach": "II", "ranges": {}, "count_pooling": False}
    with database.write() as session:
        search = solved_search(session, **asked, limit=1, tolerance=1.0).id
    (variant,) = client.get(f"/v1/searches/{search}/variants").json()["items"]

    text = client.get(f"/v1/variants/{variant['id']}/model.py").text

    assert f"{variant['counts']['flops']:,} FLOPs, pooling left out" in " ".join(text.split())


@pytest.mark.parametrize("name", ['"; filename="x', "ü\r\nX-Y: 1", "../../etc", "64 px", "."])
def test_a_name_cannot_break_out_of_the_header(sqlite_client: TestClient, name: str) -> None:
    body = {**example("digits-architecture"), "name": name}
    id_ = sqlite_client.post("/v1/architectures", json=body).json()["id"]

    answer = sqlite_client.get(f"/v1/architectures/{id_}/model.py")

    _, _, file = answer.headers["Content-Disposition"].partition("filename=")
    assert file[1:-4].isidentifier()
    assert "X-Y" not in answer.headers


@pytest.mark.parametrize("path", ["architectures/0", "variants/0-0", "variants/nothing"])
def test_what_does_not_exist_has_no_source(sqlite_client: TestClient, path: str) -> None:
    answer = sqlite_client.get(f"/v1/{path}/model.py")

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_the_pages_show_a_source(sqlite_client: TestClient) -> None:
    paths = sqlite_client.get("/openapi.json").json()["paths"]

    for path, name in [
        ("/v1/architectures/{id}/model.py", "download_architecture_source"),
        ("/v1/variants/{id}/model.py", "download_variant_source"),
    ]:
        operation = paths[path]["get"]
        (kind,) = operation["responses"]["200"]["content"]
        assert (operation["operationId"], kind) == (name, "text/x-python")
        assert "class Variant" in operation["responses"]["200"]["content"][kind]["example"]
