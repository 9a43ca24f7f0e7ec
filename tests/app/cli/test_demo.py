"""The demo, as a user runs it: a real API, a real worker, real images."""

import json
from pathlib import Path

import pytest

from app.cli.processes import ChildEndedError, Children
from app.cli.service import LOGS
from app.client import Client, ConnectionFailedError
from app.shipped import example
from tests.app.cli.conftest import Isobudget

pytestmark = pytest.mark.slow


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Children]:
    """The groups of processes that a command starts."""
    groups: list[Children] = []
    enter = Children.__enter__

    def remember(children: Children) -> Children:
        groups.append(children)
        return enter(children)

    monkeypatch.setattr(Children, "__enter__", remember)
    return groups


def have_ended(groups: list[Children]) -> bool:
    processes = [process for group in groups for process in group._processes.values()]
    return len(processes) == 2 and all(process.poll() is not None for process in processes)


def test_the_whole_path_ends_in_a_report(
    isobudget: Isobudget,
    tmp_path: Path,
    started: list[Children],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ISOBUDGET_KEY", "of another service")
    monkeypatch.setenv("ISOBUDGET_REQUIRE_KEY", "always")
    (tmp_path / "demo.sqlite").write_bytes(b"left by an earlier demo")
    result = isobudget("demo", "--output", tmp_path)
    assert result.exit_code == 0, result.output
    for words in ("complete: 1,556 variants", "training 15 runs", "100%", "V4", "optimistic"):
        assert words in result.stdout
    assert "V4" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert have_ended(started)


def test_an_infeasible_request_is_explained(
    isobudget: Isobudget, tmp_path: Path, started: list[Children]
) -> None:
    request = tmp_path / "request.json"
    ranges = {"resolution": [6, 8], "out_channels": [200, 300]}
    request.write_text(json.dumps({**example("digits-search"), "ranges": ranges}))
    result = isobudget("demo", "--output", tmp_path, "--request", request)
    assert result.exit_code == 3
    assert "the nearest network" in result.stdout
    assert have_ended(started)


@pytest.mark.parametrize(
    "error", [ChildEndedError("the worker ended"), ConnectionFailedError("too slow")]
)
def test_a_failure_shows_the_logs_and_leaves_nothing_running(
    isobudget: Isobudget,
    tmp_path: Path,
    started: list[Children],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    def start(_: Client, __: float) -> None:
        (tmp_path / LOGS[1]).write_text("first\nlast words\n")
        raise error

    monkeypatch.setattr(Client, "wait_until_ready", start)
    result = isobudget("demo", "--output", tmp_path)
    assert result.exit_code == 1
    assert "last words" in result.stderr
    assert f"the demo failed: {error}" in result.stderr
    assert have_ended(started)


def test_an_interrupt_leaves_nothing_running(
    isobudget: Isobudget, tmp_path: Path, started: list[Children], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: Client, __: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Client, "wait_until_ready", interrupt)
    assert isobudget("demo", "--output", tmp_path).exit_code == 130
    assert have_ended(started)


def test_a_request_that_cannot_be_read_starts_nothing(
    isobudget: Isobudget, tmp_path: Path, started: list[Children]
) -> None:
    result = isobudget("demo", "--output", tmp_path, "--request", tmp_path / "none.json")
    assert result.exit_code == 2
    assert started == []
