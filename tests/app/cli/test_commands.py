"""The commands around the service: migrate, serve, work, up, and what is said without any."""

import importlib.util
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from app.cli.processes import ChildEndedError, Children
from app.config import settings
from tests.app.cli.conftest import Isobudget

COMMANDS = (
    "count",
    "solve",
    "feasible",
    "find",
    "migrate",
    "serve",
    "work",
    "up",
    "demo",
    "reproduce",
    "backup",
    "restore",
    "keys",
)


def tables(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}


def test_help_names_every_command(isobudget: Isobudget) -> None:
    result = isobudget("--help")
    assert result.exit_code == 0
    assert all(command in result.stdout for command in COMMANDS)


def test_the_version_is_printed(isobudget: Isobudget) -> None:
    result = isobudget("--version")
    assert result.exit_code == 0
    assert result.stdout.startswith("isobudget")


def test_an_unknown_option_is_a_usage_error(isobudget: Isobudget) -> None:
    assert isobudget("solve", "-", "--colour").exit_code == 2


class TestMigrate:
    def test_it_makes_the_schema_and_takes_it_back(
        self, isobudget: Isobudget, database: Path
    ) -> None:
        assert isobudget("migrate").exit_code == 0
        assert "jobs" in tables(database)
        assert isobudget("migrate", "--revision", "base").exit_code == 0
        assert "jobs" not in tables(database)

    @pytest.mark.usefixtures("database")
    def test_an_unknown_revision_is_a_usage_error(self, isobudget: Isobudget) -> None:
        result = isobudget("migrate", "--revision", "nope")
        assert result.exit_code == 2
        assert "--revision" in result.stderr

    @pytest.mark.usefixtures("database")
    def test_a_url_that_cannot_be_read_is_named(
        self, isobudget: Isobudget, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ISOBUDGET_DATABASE_URL", "nonsense")
        result = isobudget("migrate")
        assert result.exit_code == 1
        assert "ISOBUDGET_DATABASE_URL" in result.stderr


class TestServe:
    @pytest.mark.usefixtures("database")
    def test_options_reach_the_server(
        self, isobudget: Isobudget, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        given: list[uvicorn.Config] = []

        def run(server: uvicorn.Server) -> None:
            given.append(server.config)
            server.started = True

        monkeypatch.setattr(uvicorn.Server, "run", run)
        assert isobudget("serve", "--host", "127.0.0.2", "--port", "0").exit_code == 0
        assert [(config.host, config.port) for config in given] == [("127.0.0.2", 0)]

    @pytest.mark.usefixtures("database")
    def test_a_bad_setting_is_named(
        self, isobudget: Isobudget, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ISOBUDGET_PORT", "many")
        settings.cache_clear()
        result = isobudget("serve")
        assert result.exit_code == 2
        assert "ISOBUDGET_PORT" in result.stderr


def find_torch(monkeypatch: pytest.MonkeyPatch, found: object) -> None:
    """Let PyTorch be found, or not; other modules are looked for as ever."""
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, package=None: found if name == "torch" else find(name, package),
    )


class TestWork:
    @pytest.mark.slow
    def test_all_arguments_are_passed_on(
        self, isobudget: Isobudget, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        called: list[Any] = []
        find_torch(monkeypatch, object())
        monkeypatch.setattr(os, "execv", lambda *arguments: called.append(arguments))
        isobudget("work", "--once", "--processes", "2", "--help")
        program, command = called[0]
        assert program == sys.executable
        assert command[1:] == ["-m", "trainer", "--once", "--processes", "2", "--help"]

    @pytest.mark.parametrize("command", ["work", "up", "demo"])
    def test_without_torch_the_remedy_is_named(
        self, isobudget: Isobudget, monkeypatch: pytest.MonkeyPatch, command: str
    ) -> None:
        find_torch(monkeypatch, None)
        result = isobudget(command)
        assert result.exit_code == 1
        assert "pip install 'isobudget[trainer]'" in result.stderr


class TestUp:
    @pytest.fixture
    def children(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
        started: dict[str, list[str]] = {}
        find_torch(monkeypatch, object())
        for kind in ("start", "keep"):
            monkeypatch.setattr(
                Children, kind, lambda _, name, arguments: started.update({name: arguments})
            )
        return started

    def test_it_migrates_and_starts_the_api_and_workers(
        self,
        isobudget: Isobudget,
        children: dict[str, list[str]],
        database: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(Children, "watch", _interrupt)
        result = isobudget("up", "--port", "8123", "--processes", "2")
        assert result.exit_code == 0
        assert "jobs" in tables(database)
        assert list(children) == ["the API", "worker 1", "worker 2"]
        assert children["the API"][-2:] == ["--port", "8123"]

    @pytest.mark.usefixtures("children", "database")
    def test_it_fails_when_the_api_dies(
        self, isobudget: Isobudget, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Children, "watch", _die)
        result = isobudget("up")
        assert result.exit_code == 1
        assert "the API ended" in result.stderr


def _interrupt(_: Children) -> None:
    raise KeyboardInterrupt


def _die(_: Children) -> None:
    raise ChildEndedError("the API ended with exit code 1")
