import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from app.cli.processes import Children
from app.config import settings
from app.keys import PATTERN, id_of, new_key
from tests.app.cli.conftest import Isobudget


@pytest.fixture
def migrated(isobudget: Isobudget, database: Path) -> Path:
    assert isobudget("migrate").exit_code == 0
    return database


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[uvicorn.Config]]:
    """What servers were started with; none listens."""
    found: list[uvicorn.Config] = []

    def run(server: uvicorn.Server) -> None:
        found.append(server.config)
        server.started = True

    monkeypatch.setattr(uvicorn.Server, "run", run)
    yield found
    settings.cache_clear()


def listed(isobudget: Isobudget) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(isobudget("keys", "list", "--json").stdout)
    return found


class TestCreate:
    @pytest.mark.usefixtures("migrated")
    def test_a_script_can_take_the_key_from_standard_output(self, isobudget: Isobudget) -> None:
        result = isobudget("keys", "create")
        key = result.stdout.removesuffix("\n")
        assert PATTERN.fullmatch(key)
        assert key not in result.stderr
        assert f"key {id_of(key)} may write, for good" in result.stderr

    def test_only_a_hash_is_stored(self, isobudget: Isobudget, migrated: Path) -> None:
        key = isobudget("keys", "create", "--name", "me").stdout.strip()
        with closing(sqlite3.connect(migrated)) as connection:
            stored = "\n".join(connection.iterdump())
        assert str(id_of(key)) in stored
        assert key.rpartition("_")[2] not in stored

    @pytest.mark.usefixtures("migrated")
    def test_name_scope_and_end_are_listed_without_the_secret(self, isobudget: Isobudget) -> None:
        key = isobudget(
            "keys", "create", "--name", "CI", "--scope", "read", "--expires", "3"
        ).stdout.strip()
        (item,) = listed(isobudget)
        assert (item["id"], item["name"], item["scope"]) == (id_of(key), "CI", "read")
        assert item["state"] == "valid"
        assert item["created_at"] < item["expires_at"]
        assert set(item) == {
            *("id", "name", "scope", "state", "created_at", "expires_at", "revoked_at")
        }
        text = isobudget("keys", "list").stdout
        assert str(id_of(key)) in text
        assert key not in text

    @pytest.mark.usefixtures("migrated")
    @pytest.mark.parametrize(
        "options",
        [
            *(("--scope", "admin"), ("--expires", "0"), ("--expires", "-1"), ("--expires", "x")),
            *(("--expires", "1000000000"), ("--name", "a" * 101), ("--name", "a\x00b")),
        ],
    )
    def test_a_bad_option_is_a_usage_error_and_makes_none(
        self, isobudget: Isobudget, options: tuple[str, str]
    ) -> None:
        assert isobudget("keys", "create", *options).exit_code == 2
        assert listed(isobudget) == []


class TestRevoke:
    @pytest.mark.usefixtures("migrated")
    @pytest.mark.parametrize("is_whole", [True, False])
    def test_a_key_is_revoked_by_its_id_or_as_a_whole(
        self, isobudget: Isobudget, is_whole: bool
    ) -> None:
        key = isobudget("keys", "create").stdout.strip()
        for _ in range(2):
            result = isobudget("keys", "revoke", key if is_whole else id_of(key))
            assert result.exit_code == 0
            assert key not in result.output
        (item,) = listed(isobudget)
        assert item["state"] == "revoked"
        assert item["revoked_at"]

    @pytest.mark.usefixtures("migrated")
    def test_an_unknown_id_is_not_echoed(self, isobudget: Isobudget) -> None:
        result = isobudget("keys", "revoke", "0123456789abcdef")
        assert result.exit_code == 1
        assert "0123456789abcdef" not in result.output
        assert "isobudget keys list" in result.stderr


class TestServing:
    @pytest.mark.usefixtures("migrated")
    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
    def test_elsewhere_without_a_key_it_is_refused_with_the_command_that_makes_one(
        self, isobudget: Isobudget, started: list[uvicorn.Config], host: str
    ) -> None:
        result = isobudget("serve", "--host", host)
        assert result.exit_code == 1
        assert "isobudget keys create" in result.stderr
        assert started == []

    @pytest.mark.usefixtures("migrated")
    @pytest.mark.parametrize("end", ["revoked", "expired", "none"])
    def test_it_takes_a_key_that_is_valid(
        self, isobudget: Isobudget, started: list[uvicorn.Config], database: Path, end: str
    ) -> None:
        key = isobudget("keys", "create", "--expires", "1").stdout.strip()
        if end == "revoked":
            isobudget("keys", "revoke", key)
        if end == "expired":
            with closing(sqlite3.connect(database)) as connection, connection:
                connection.execute("UPDATE api_keys SET expires_at = '2020-01-01 00:00:00.000000'")
        result = isobudget("serve", "--host", "0.0.0.0")
        assert (result.exit_code == 0) == (len(started) == 1) == (end == "none")

    @pytest.mark.usefixtures("migrated", "started")
    def test_on_loopback_no_key_is_needed_unless_asked_for(
        self, isobudget: Isobudget, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert isobudget("serve").exit_code == 0
        monkeypatch.setenv("ISOBUDGET_REQUIRE_KEY", "always")
        settings.cache_clear()
        assert isobudget("serve").exit_code == 1

    @pytest.mark.usefixtures("migrated")
    def test_a_key_given_by_the_environment_is_enough(
        self,
        isobudget: Isobudget,
        started: list[uvicorn.Config],
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
    ) -> None:
        monkeypatch.setenv("ISOBUDGET_BOOTSTRAP_KEY_FILE", str(tmp_path / "key"))
        settings.cache_clear()
        missing = isobudget("serve", "--host", "0.0.0.0")
        (tmp_path / "key").write_text(new_key())
        found = isobudget("serve", "--host", "0.0.0.0")
        assert (missing.exit_code, found.exit_code) == (1, 0)
        assert "ISOBUDGET_BOOTSTRAP_KEY_FILE" in missing.stderr
        assert len(started) == 1

    @pytest.mark.usefixtures("database")
    def test_up_refuses_it_too(self, isobudget: Isobudget, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("importlib.util.find_spec", lambda _: object())
        begun: list[Any] = []
        monkeypatch.setattr(Children, "__enter__", lambda _: begun.append(1))
        result = isobudget("up", "--host", "0.0.0.0")
        assert result.exit_code == 1
        assert "isobudget keys create" in result.stderr
        assert begun == []
