"""Where the client connects to, and what it sends with every call."""

import subprocess
import sys

import pytest

from app.client import Client
from tests.app.client.factories import Script, answer
from tests.app.views import job_view


def test_the_address_and_the_key_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISOBUDGET_URL", "https://example.org:8443/iso/")
    monkeypatch.setenv("ISOBUDGET_KEY", "isb_abc\n")
    with Client() as client:
        assert repr(client) == "<Client of https://example.org:8443>"
        assert client._http.headers["Authorization"] == "Bearer isb_abc"
    with Client("http://localhost:1", "mine") as client:
        assert repr(client) == "<Client of http://localhost:1>"
        assert client._http.headers["Authorization"] == "Bearer mine"


def test_without_a_key_none_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISOBUDGET_KEY", "of another service")
    script = Script(answer(job_view()))
    script.client(key="").job("1")
    monkeypatch.delenv("ISOBUDGET_KEY")
    script.client().job("1")
    assert script.header("Authorization") == [None, None]


def test_a_service_below_a_path_is_found_there() -> None:
    with Client("https://example.org/iso") as client:
        assert str(client._http._merge_url("/v1/jobs")) == "https://example.org/iso/v1/jobs"


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://host", "http://", "http://[::1"])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="URL"):
        Client(url)


def test_a_key_that_cannot_be_sent_is_refused_without_showing_it() -> None:
    with pytest.raises(ValueError, match="the key") as refused:
        Client(key="secret\r\nX: 1")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "uses_proxies"),
    [
        ("http://127.0.0.1:8000", False),
        ("http://[::1]:8000", False),
        ("http://localhost:8000", False),
        ("https://example.org", True),
    ],
)
def test_proxies_are_used_except_for_this_machine(url: str, uses_proxies: bool) -> None:
    with Client(url) as client:
        assert client._http.trust_env is uses_proxies


def test_the_client_needs_no_other_part_of_the_service() -> None:
    heavy = (
        "alembic", "app.config", "app.db", "app.services", "fastapi", "numpy", "ortools", "pandas",
        "rich", "sqlalchemy", "starlette", "torch", "typer",
    )  # fmt: skip
    code = f"import sys, app.client; print([it for it in {heavy} if it in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"
