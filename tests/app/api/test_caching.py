import pytest
from starlette.testclient import TestClient

from app.api.caching import holds, tag_of, weak_tag_of
from app.db import searches
from app.db.engine import Database
from app.db.models import JobRow
from tests.factories import queued_job, queued_search, solved_search
from tests.workers import FakeWorker


def ended(database: Database) -> list[str]:
    """Paths of answers that do not change."""
    job = queued_job(database, seeds=1, variants=[0])
    FakeWorker(database).work()
    search = f"/v1/searches/{job.search_id}"
    with database.read() as session:
        original = searches.get(session, job.search_id).architecture_id
    return [
        f"/v1/architectures/{original}",
        search,
        f"{search}/variants",
        f"{search}/variants?sort=-coverage&limit=7",
        f"{search}/variants.csv",
        f"/v1/variants/{job.search_id}-3",
        f"/v1/jobs/{job.id}",
        f"/v1/jobs/{job.id}/runs",
        f"/v1/jobs/{job.id}/results.csv",
    ]


def test_what_does_not_change_is_not_sent_again_to_who_has_it(
    client: TestClient, database: Database
) -> None:
    for path in ended(database):
        first = client.get(path)
        assert first.status_code == 200, path
        tag = first.headers["ETag"]

        again = client.get(path, headers={"If-None-Match": f'"other", {tag}'})

        assert again.status_code == 304, path
        assert again.content == b""
        for name in ("ETag", "Cache-Control", "Vary"):
            assert again.headers.get(name) == first.headers.get(name), (path, name)
        assert "content-type" not in again.headers
        assert client.get(path, headers={"If-None-Match": '"other"'}).text == first.text


def test_different_answers_have_different_tags(client: TestClient, database: Database) -> None:
    paths = ended(database)
    tags = {client.get(path).headers["ETag"] for path in paths}
    assert len(tags) == len(paths)


def test_what_may_still_change_has_no_tag(client: TestClient, database: Database) -> None:
    job = queued_job(database, seeds=1)
    with database.write() as session:
        open_search = queued_search(session, limit=7).id

    for path in (
        f"/v1/searches/{open_search}",
        f"/v1/searches/{open_search}/variants",
        f"/v1/searches/{open_search}/variants.csv",
        f"/v1/jobs/{job.id}",
        f"/v1/jobs/{job.id}/runs",
        f"/v1/jobs/{job.id}/results.csv",
        "/v1/variants",
    ):
        answer = client.get(path, headers={"If-None-Match": "*"})
        assert answer.status_code == 200, path
        assert "ETag" not in answer.headers, path


def test_a_job_whose_run_is_trained_again_for_another_has_another_tag(
    client: TestClient, database: Database
) -> None:
    job = queued_job(database, seeds=1)
    FakeWorker(database, fails=lambda _: "error").work()
    tags = tags_of(client, job)

    queued_job(database, seeds=1)  # gives the run another chance
    assert tags_of(client, job).isdisjoint(tags)
    FakeWorker(database).work()

    assert tags_of(client, job).isdisjoint(tags)


def tags_of(client: TestClient, job: JobRow) -> set[str]:
    return {
        client.get(f"/v1/jobs/{job.id}{part}").headers["ETag"]
        for part in ("", "/runs", "/results.csv")
    }


def test_the_table_of_a_search_changes_when_a_variant_was_trained(
    client: TestClient, database: Database
) -> None:
    with database.write() as session:
        path = f"/v1/searches/{solved_search(session, limit=20).id}/variants.csv"
    before = client.get(path).headers["ETag"]
    queued_job(database, seeds=1, variants=[0])
    assert client.get(path, headers={"If-None-Match": before}).status_code == 304
    FakeWorker(database).work()

    assert client.get(path, headers={"If-None-Match": before}).status_code == 200


def test_a_search_that_was_deleted_is_not_found_whatever_the_client_has(
    client: TestClient, database: Database
) -> None:
    with database.write() as session:
        id_ = solved_search(session, limit=7).id
    client.delete(f"/v1/searches/{id_}")

    for path in (f"/v1/searches/{id_}", f"/v1/searches/{id_}/variants", f"/v1/variants/{id_}-0"):
        assert client.get(path, headers={"If-None-Match": "*"}).status_code == 404


TAG = tag_of("x")


@pytest.mark.parametrize(
    ("asked", "is_held"),
    [
        (None, False),
        ("", False),
        ("*", True),
        (TAG, True),
        (f"W/{TAG}", True),
        (f'"a",{TAG} ,"b"', True),
        (TAG.strip('"'), False),
        ('"other"', False),
    ],
)
@pytest.mark.parametrize("tag", [TAG, weak_tag_of("x")])
def test_tags_are_compared_weakly(asked: str | None, is_held: bool, tag: str) -> None:
    assert holds(asked, tag) is is_held
