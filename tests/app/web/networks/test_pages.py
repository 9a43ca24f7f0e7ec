import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.db.engine import Database
from app.services import onnx_files
from app.shipped import example
from solver.network.architecture import Architecture
from tests.factories import original, queued_job, trained


def posted(client: TestClient, document: Any) -> str:
    id_: str = client.post("/v1/architectures", json=document).json()["id"]
    return id_


def rows(page: str) -> list[str]:
    return re.findall(r'<tr id="row-([^"]+)"', page)


def boxes(page: str) -> list[str]:
    return re.findall(r'id="box-([^"]+)"', page)


def test_a_network_is_drawn_and_counted_folded(sqlite_client: TestClient, resnet: str) -> None:
    page = sqlite_client.get(f"/networks/{resnet}").text

    assert "11,689,512" in page
    assert "conv1" in boxes(page)
    assert "layer1.0.conv1" not in boxes(page)
    assert rows(page)[-1] == "fc"
    assert f'href="/searches/new?architecture_id={resnet}"' in page
    assert f'href="/v1/architectures/{resnet}/model.py"' in page


def test_a_network_leads_to_its_onnx_file_or_says_why_there_is_none(
    sqlite_client: TestClient, resnet: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = sqlite_client.get(f"/networks/{resnet}").text
    large = sqlite_client.get(f"/networks/{posted(sqlite_client, example('vgg16'))}").text
    monkeypatch.setattr(onnx_files, "find_spec", lambda _name: None)
    nowhere = sqlite_client.get(f"/networks/{resnet}").text

    assert f'href="/v1/architectures/{resnet}/model.onnx"' in small
    assert "The server does not write it" not in small
    assert "this network has 138,357,544" in large
    assert "pip install" in nowhere
    assert "model.onnx" not in large + nowhere
    for page in (small, large, nowhere):
        assert "--format onnx -o network.onnx" in page


def test_a_block_is_unfolded_and_folded_by_its_address(
    sqlite_client: TestClient, resnet: str
) -> None:
    unfolded = sqlite_client.get(f"/networks/{resnet}?depth=1&unfold=layer1,layer1.0").text

    assert "layer1.0.conv1" in boxes(unfolded)
    assert "layer1.0.bn1" in rows(unfolded)
    assert 'href="?depth=1&amp;unfold=layer1"' in unfolded
    assert "layer1.0.conv1" not in boxes(sqlite_client.get(f"/networks/{resnet}?depth=1").text)


def test_unknown_blocks_in_an_address_do_not_matter(sqlite_client: TestClient, resnet: str) -> None:
    page = sqlite_client.get(f"/networks/{resnet}?depth=1&unfold=,no.such,%3Cb%3E").text

    assert rows(page) == rows(sqlite_client.get(f"/networks/{resnet}?depth=1").text)
    assert "<b>" not in page


@pytest.mark.parametrize("query", ["depth=0", "depth=65", "depth=x", "other=1"])
def test_a_folding_that_makes_no_sense_is_refused_on_a_page(
    sqlite_client: TestClient, resnet: str, query: str
) -> None:
    answer = sqlite_client.get(f"/networks/{resnet}?{query}")

    assert answer.status_code == 422
    assert "<h1>" in answer.text


def test_what_a_network_is_called_is_text(sqlite_client: TestClient) -> None:
    name = '<script>alert("1")</script>'
    named = {**example("digits-architecture"), "name": name, "description": name}
    page = sqlite_client.get(f"/networks/{posted(sqlite_client, named)}").text

    assert name not in page
    assert page.count("&lt;script&gt;") >= 3


def test_a_network_without_a_name_is_called_by_its_id(sqlite_client: TestClient) -> None:
    unnamed = {key: it for key, it in example("digits-architecture").items() if key != "name"}
    id_ = posted(sqlite_client, unnamed)

    assert f"<h1>unnamed {id_[:8]}</h1>" in sqlite_client.get(f"/networks/{id_}").text


def test_a_network_that_is_too_large_to_draw_is_still_counted(sqlite_client: TestClient) -> None:
    layers: list[dict[str, Any]] = [{"name": "l0", "type": "identity"}]
    layers += [
        {"name": f"l{n}", "type": "add", "inputs": [f"l{n - 1}", f"l{max(0, n - 50)}", "input"]}
        for n in range(1, 300)
    ]
    id_ = posted(sqlite_client, {"input": {"channels": 1, "resolution": 4}, "layers": layers})

    page = sqlite_client.get(f"/networks/{id_}").text

    assert "<svg class" not in page
    assert "no picture" in page
    assert len(rows(page)) == 300


def test_a_variant_is_shown_against_its_original(sqlite_client: TestClient, search: str) -> None:
    answer = sqlite_client.get(f"/variants/{search}-0")

    assert answer.status_code == 200
    assert "<h1>Variant 0 of digits-5px</h1>" in answer.text
    assert "as the original" in answer.text
    assert f'href="/searches/{search}"' in answer.text
    assert f'href="/compare?ids={original().id},{search}-0"' in answer.text


def test_an_originals_page_leads_to_the_searches_from_it(
    sqlite_client: TestClient, search: str
) -> None:
    page = sqlite_client.get(f"/networks/{original().id}").text

    assert f'href="/searches/{search}"' in page
    assert f'href="/searches?architecture_id={original().id}"' in page


def test_the_file_of_a_network_or_variant_is_the_same_network(
    sqlite_client: TestClient, search: str
) -> None:
    view = sqlite_client.get(f"/v1/variants/{search}-3").json()["architecture"]
    expected = {
        f"/networks/{original().id}": original().id,
        f"/variants/{search}-3": Architecture.model_validate(view).id,
    }
    for path, id_ in expected.items():
        answer = sqlite_client.get(f"{path}/architecture.json")
        assert answer.headers["content-disposition"].startswith("attachment;")
        assert Architecture.model_validate_json(answer.text).id == id_


@pytest.mark.parametrize(
    "path",
    [
        "/networks/no",
        "/variants/no",
        "/variants/no-0",
        "/compare?ids=no,no-0",
        "/networks/no/groups.csv",
        "/variants/no-0/accuracies.csv",
        "/compare/layers.csv?ids=no",
    ],
)
def test_what_is_not_there_is_said_on_a_page(sqlite_client: TestClient, path: str) -> None:
    answer = sqlite_client.get(path)

    assert answer.status_code == 404
    assert "<h1>Not Found</h1>" in answer.text


def test_networks_and_variants_are_compared(sqlite_client: TestClient, search: str) -> None:
    ids = [original().id, f"{search}-0", f"{search}-1"]
    page = sqlite_client.get("/compare", params={"ids": ",".join(ids)}).text

    assert page == sqlite_client.get("/compare", params={"ids": ids}).text
    assert "the same" in page
    assert "≠ conv2d" in page
    only = sqlite_client.get("/compare", params={"ids": ids, "only": "changed"}).text
    assert "flatten1" in page
    assert "flatten1" not in only


def test_a_comparison_of_nothing_says_what_to_do(sqlite_client: TestClient) -> None:
    assert "Nothing to compare yet" in sqlite_client.get("/compare").text


def test_too_many_networks_are_refused_on_a_page(sqlite_client: TestClient) -> None:
    answer = sqlite_client.get("/compare?ids=a,b,c,d,e,f")

    assert answer.status_code == 422
    assert "at most 5 networks" in answer.text


def test_accuracies_are_shown_where_a_network_was_trained(
    sqlite_client: TestClient, sqlite_database: Database
) -> None:
    queued_job(sqlite_database, seeds=2)
    trained(sqlite_database, 0.5, 0.6)

    for path in (f"/networks/{original().id}", f"/compare?ids={original().id}"):
        page = sqlite_client.get(path).text
        assert "55.0% ± 7.1%" in page
        assert "digits" in page
