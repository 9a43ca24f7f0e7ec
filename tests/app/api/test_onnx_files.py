"""``model.onnx`` downloads."""

import sys
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from starlette.testclient import TestClient

from app.db.engine import Database
from app.services import onnx_files
from app.shipped import example
from solver.network.architecture import Architecture
from tests.factories import solved_search
from trainer.exporting import initial


def posted(client: TestClient, name: str) -> str:
    id_: str = client.post("/v1/architectures", json=example(name)).json()["id"]
    return id_


def assert_computes_the_same(content: bytes, architecture: Architecture) -> None:
    """A file gives what the network gives that PyTorch builds with the same weights."""
    network = initial(architecture).eval()
    images_BCHW = torch.rand(3, *architecture.input.shape)
    session: Any = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (given,) = session.run(None, {"images": images_BCHW.numpy()})
    with torch.no_grad():
        np.testing.assert_allclose(given, network(images_BCHW).numpy(), rtol=0, atol=1e-5)


def test_an_architecture_can_be_had_as_onnx_once(sqlite_client: TestClient) -> None:
    id_ = posted(sqlite_client, "digits-architecture")
    path = f"/v1/architectures/{id_}/model.onnx"

    answer = sqlite_client.get(path)

    assert answer.status_code == 200, answer.text
    file = f"digits_5px_{id_[:8]}.onnx"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{file}"'
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    document = example("digits-architecture")
    assert_computes_the_same(answer.content, Architecture.model_validate(document))
    again = sqlite_client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_variant_can_be_had_as_onnx(client: TestClient, database: Database) -> None:
    with database.write() as session:
        search = solved_search(session, limit=1).id
    (variant,) = client.get(f"/v1/searches/{search}/variants").json()["items"]

    answer = client.get(f"/v1/variants/{variant['id']}/model.onnx")

    assert answer.status_code == 200, answer.text
    architecture = Architecture.model_validate(variant["architecture"])
    assert (
        architecture.input.shape
        != Architecture.model_validate(example("digits-architecture")).input.shape
    )
    assert_computes_the_same(answer.content, architecture)


def test_without_pytorch_and_onnx_the_remedy_is_said(
    sqlite_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_files, "find_spec", lambda _name: None)
    id_ = posted(sqlite_client, "digits-architecture")

    answer = sqlite_client.get(f"/v1/architectures/{id_}/model.onnx")

    assert answer.status_code == 501
    assert "pip install 'isobudget[onnx,trainer]'" in answer.json()["detail"]


def test_a_network_that_would_take_too_much_memory_is_refused(sqlite_client: TestClient) -> None:
    id_ = posted(sqlite_client, "vgg16")

    answer = sqlite_client.get(f"/v1/architectures/{id_}/model.onnx")

    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert fault["pointer"] == "path/id"
    assert "this network has 138,357,544" in fault["detail"]
    assert "isobudget export --format onnx" in fault["detail"]


@pytest.mark.parametrize(
    ("script", "status", "said"),
    [
        ("import sys; print('loading'); print('no such operator'); sys.exit(3)", 422, "operator"),
        ("import os; os.kill(os.getpid(), 9)", 503, "the system ended the process"),
        ("raise SystemExit('a bug')", 500, "its log says more"),
    ],
    ids=["not-in-onnx", "killed", "a-fault"],
)
def test_why_there_is_no_file_is_said(
    sqlite_client: TestClient,
    monkeypatch: pytest.MonkeyPatch,
    script: str,
    status: int,
    said: str,
) -> None:
    monkeypatch.setattr(onnx_files, "command", lambda _path: [sys.executable, "-c", script])
    id_ = posted(sqlite_client, "digits-architecture")

    answer = sqlite_client.get(f"/v1/architectures/{id_}/model.onnx")

    assert answer.status_code == status
    assert said in answer.text
    assert "loading" not in answer.text


def test_a_file_that_takes_too_long_is_given_up(
    sqlite_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_files, "SECONDS", 0.0)
    id_ = posted(sqlite_client, "digits-architecture")

    answer = sqlite_client.get(f"/v1/architectures/{id_}/model.onnx")

    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    assert "not written within 0 s" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["architectures/0", "variants/0-0", "variants/nothing"])
def test_what_does_not_exist_has_no_file(sqlite_client: TestClient, path: str) -> None:
    assert sqlite_client.get(f"/v1/{path}/model.onnx").status_code == 404
