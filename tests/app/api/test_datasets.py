from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.db.engine import Database
from tests.app.api.conftest import serving
from tests.factories import solved_search
from tests.pictures import CLASSES, write_folder

TEN = [f"class-{number}" for number in range(10)]


@pytest.fixture
def client(sqlite_database: Database, tmp_path: Path) -> Iterator[TestClient]:
    with serving(sqlite_database, 0, data_dir=tmp_path / "data") as client:
        yield client


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture
def search_id(sqlite_database: Database) -> str:
    with sqlite_database.write() as session:
        return solved_search(session).id


def listed(client: TestClient) -> dict[str, Any]:
    return {item["name"]: item for item in client.get("/v1/datasets").json()["items"]}


def test_data_sets_are_listed_with_what_they_are(client: TestClient, data_dir: Path) -> None:
    write_folder(data_dir, modes=["L", "RGB"], sizes=[(32, 48)])
    (data_dir / "MNIST" / "raw").mkdir(parents=True)
    (data_dir / "backup" / "of" / "what").mkdir(parents=True)

    found = listed(client)

    assert list(found) == ["digits", "mnist", "fashion_mnist", "cifar10", "folder:shapes"]
    assert found["folder:shapes"] == {
        "name": "folder:shapes",
        "resolution": 32,
        "channels": 3,
        "classes": 3,
        "present": True,
    }
    assert found["digits"]["present"]
    assert not found["mnist"]["present"]  # its files are not there


def test_a_data_set_of_torchvision_is_present_when_all_its_files_are(
    client: TestClient, data_dir: Path
) -> None:
    raw = data_dir / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part in ("train", "t10k"):
        for kind in ("images-idx3", "labels-idx1"):
            assert not listed(client)["mnist"]["present"]
            (raw / f"{part}-{kind}-ubyte").touch()

    assert listed(client)["mnist"]["present"]


def test_a_folder_with_faults_is_listed_with_them(client: TestClient, data_dir: Path) -> None:
    for file in (write_folder(data_dir) / "dots").glob("*"):
        file.write_bytes(b"no image")

    assert len(listed(client)["folder:shapes"]["faults"]) == 6
    assert listed(client)["folder:shapes"]["resolution"] == 8
    for file in (data_dir / "shapes").glob("*/*"):
        file.write_bytes(b"no image")
    assert listed(client)["folder:shapes"]["resolution"] is None


def post(client: TestClient, search_id: str, dataset: str, **headers: str) -> Any:
    body = {"search_id": search_id, "dataset": dataset, "seeds": 1}
    return client.post("/v1/jobs", json=body, headers=headers)


def faults(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    return [(error["pointer"], error["detail"]) for error in answer.json()["errors"]]


def test_a_job_on_a_folder_is_queued(client: TestClient, search_id: str, data_dir: Path) -> None:
    write_folder(data_dir, classes=TEN)

    answer = post(client, search_id, "folder:shapes")

    assert answer.status_code == 202
    assert answer.json()["request"]["dataset"] == "folder:shapes"


def test_a_job_on_a_changed_folder_shares_no_run_with_the_earlier_one(
    client: TestClient, search_id: str, data_dir: Path
) -> None:
    def runs() -> list[bool]:
        job = post(client, search_id, "folder:shapes").json()
        items = client.get(f"/v1/jobs/{job['id']}/runs").json()["items"]
        return [run["reused"] for run in items]

    write_folder(data_dir, classes=TEN)

    assert not any(runs())
    assert all(runs())
    (data_dir / "shapes" / TEN[0] / "000.png").unlink()
    assert not any(runs())


def test_broken_files_are_named_in_the_refusal(
    client: TestClient, search_id: str, data_dir: Path
) -> None:
    root = write_folder(data_dir, classes=TEN)
    data = (root / TEN[3] / "002.png").read_bytes()
    (root / TEN[3] / "002.png").write_bytes(data[:40])
    (root / TEN[7] / "000.png").write_bytes(b"")

    found = faults(post(client, search_id, "folder:shapes"))

    assert [pointer for pointer, _ in found] == ["#/dataset", "#/dataset"]
    assert "folder:shapes: class-3/002.png is broken" in found[0][1]
    assert "folder:shapes: class-7/000.png is broken, or neither a PNG nor" in found[1][1]


def test_a_network_that_does_not_fit_a_folder_is_refused(
    client: TestClient, search_id: str, data_dir: Path
) -> None:
    write_folder(data_dir, modes=["RGB"], sizes=[(4, 9)])

    found = faults(post(client, search_id, "folder:shapes"))

    assert [pointer for pointer, _ in found] == ["#/dataset"] * 3
    assert "the network takes 1 channels; the images of folder:shapes have 3" in found[0][1]
    assert f"has 10 outputs; folder:shapes has {len(CLASSES)} classes" in found[1][1]
    assert "above folder:shapes's 4 px" in found[2][1]


PAYLOADS = [
    "imagenet",
    "",
    "folder:",
    "folder:nowhere",
    "folder:..",
    "folder:.",
    "folder:../outside",
    "folder:../data/shapes",
    "folder:shapes/..",
    "folder:shapes/../../outside",
    "folder:shapes/class-0",
    "folder:./shapes",
    "folder:/",
    "folder:/etc",
    "folder://etc",
    "folder:~",
    "folder:~root",
    "folder:$HOME",
    "folder:%2e%2e",
    "folder:%2e%2e%2foutside",
    "folder:..%2foutside",
    "folder:..%c0%afoutside",
    "folder:..\\outside",
    "folder:C:\\Windows",
    "folder:\\\\host\\share",
    "folder:file:///etc",
    "folder:shapes\n",
    "folder:shapes\r",
    "folder:shapes ",
    "folder: shapes",
    "folder:shapes\u0000",
    "folder:shapes\u0000.png",
    "folder:shapes#fragment",
    "folder:shapes?query",
    "folder:shapes;x",
    "folder:*",
    "folder:sh*",
    "folder:SHAPES",
    "folder:shapés",
    "folder:\uff0e\uff0e",
    "folder:\u2025",
    "folder:\u202eshapes",
    "folder:folder:shapes",
    "Folder:shapes",
    "FOLDER:shapes",
    " folder:shapes",
    "folder",
    "shapes",
    "../outside",
    "/etc/passwd",
    "folder:link",
    "folder:nested-link",
    "folder:file",
    "folder:.hidden",
    "folder:MNIST",
    "folder:FashionMNIST",
    "folder:cifar-10-batches-py",
    "folder:" + "a" * 10_000,
    "folder:" + "../" * 50 + "etc",
    "mnist/../shapes",
]


def test_whatever_is_no_name_of_a_data_set_gets_the_same_answer(
    client: TestClient, search_id: str, data_dir: Path, tmp_path: Path
) -> None:
    write_folder(data_dir, classes=TEN)
    outside = write_folder(tmp_path, "outside", classes=TEN)
    for name in ("MNIST", "FashionMNIST", "cifar-10-batches-py", ".hidden"):
        write_folder(data_dir, name, classes=TEN)
    (data_dir / "link").symlink_to(outside)
    (data_dir / "nested-link").symlink_to(data_dir / "shapes")
    (data_dir / "file").touch()

    answers = {payload: faults(post(client, search_id, payload)) for payload in PAYLOADS}

    assert len(answers) >= 60
    told = [found for name, found in answers.items() if "\0" not in name]  # NUL is told by itself
    assert {str(found) for found in told} == {str(answers["imagenet"])}
    ((pointer, detail),) = answers["imagenet"]
    assert pointer == "#/dataset"
    assert "known are digits, mnist, fashion_mnist, cifar10, and folder:NAME" in detail
    assert list(listed(client))[4:] == ["folder:shapes"]


def test_links_in_a_folder_are_refused_and_nothing_behind_them_is_told(
    client: TestClient, search_id: str, data_dir: Path, tmp_path: Path
) -> None:
    outside = write_folder(tmp_path, "outside", classes=["private"])
    root = write_folder(data_dir, classes=TEN)
    (root / "more").symlink_to(outside / "private")
    (root / TEN[0] / "passwd.png").symlink_to("/etc/passwd")

    found = faults(post(client, search_id, "folder:shapes"))

    assert [detail for _, detail in found] == [
        "folder:shapes: more is a link, and links are not followed",
        "folder:shapes: class-0/passwd.png is a link, and links are not followed",
    ]
    assert listed(client)["folder:shapes"]["classes"] == 10


def test_a_repeated_request_is_answered_as_before_even_if_the_folder_is_gone(
    client: TestClient, search_id: str, data_dir: Path
) -> None:
    root = write_folder(data_dir, classes=TEN)
    first = post(client, search_id, "folder:shapes", **{"Idempotency-Key": "a"})
    root.rename(data_dir / "gone")

    again = post(client, search_id, "folder:shapes", **{"Idempotency-Key": "a"})

    assert again.status_code == 202
    assert again.json()["id"] == first.json()["id"]
    assert post(client, search_id, "folder:shapes").status_code == 422
