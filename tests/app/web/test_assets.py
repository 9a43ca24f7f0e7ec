import gzip

from starlette.testclient import TestClient

from app.web import assets


def test_a_file_is_kept_for_as_long_as_it_stays_the_same(client: TestClient) -> None:
    answer = client.get(assets.url("site.css"))

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.text.startswith("/* The look of all pages.")


def test_a_file_is_sent_plain_to_those_who_do_not_take_gzip(client: TestClient) -> None:
    answer = client.get(assets.url("icon.svg"), headers={"Accept-Encoding": "identity"})

    assert "content-encoding" not in answer.headers
    assert answer.headers["content-type"] == "image/svg+xml"


def test_files_of_an_earlier_version_and_unknown_ones_are_not_found(client: TestClient) -> None:
    for path in ("/static/0/site.css", f"/static/{assets.digest()}/nothing.css"):
        assert client.get(path).status_code == 404


def test_licences_lie_beside_the_libraries_and_are_not_served() -> None:
    vendored = [name for name in assets.assets() if name.startswith("vendor/")]

    assert len(vendored) == 3
    assert all(name.endswith(".min.js") for name in vendored)
    for asset in assets.assets().values():
        assert gzip.decompress(asset.compressed) == asset.content
