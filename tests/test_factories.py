"""The wait that all tests share."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import factories
from tests.factories import until


def started(program: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", program])


def test_a_wait_gives_what_its_condition_gave() -> None:
    found = iter([None, 0, "", "found"])

    assert until(lambda: next(found)) == "found"


def test_nobody_waits_for_what_a_process_that_has_ended_was_to_do() -> None:
    with (
        started("raise SystemExit(3)") as process,
        pytest.raises(AssertionError, match="ended with exit code 3"),
    ):
        until(lambda: False, process)


def test_what_a_process_did_before_it_ended_has_happened(tmp_path: Path) -> None:
    file = tmp_path / "done"
    with started(f"open({str(file)!r}, 'w').close()") as process:
        until(lambda: process.poll() is not None and file.exists(), process)


def test_a_wait_ends_with_its_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factories, "PATIENCE", 0.0)

    with pytest.raises(AssertionError, match="did not happen within 0 s"):
        until(lambda: False)
