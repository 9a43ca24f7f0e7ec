import os
import signal
import subprocess
from pathlib import Path

import pytest

from app.cli import processes
from app.cli.processes import ChildEndedError, Children

SLEEP = ["-c", "import time; print('up', flush=True); time.sleep(600)"]
STUBBORN = [
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)\n"
    "time.sleep(600)",
]


def started(children: Children) -> list["subprocess.Popen[bytes]"]:
    return list(children._processes.values())


def wait_until_up(log: Path) -> None:
    while b"up" not in log.read_bytes():
        os.sched_yield()


@pytest.mark.parametrize("error", [None, KeyboardInterrupt, ValueError])
def test_children_end_however_the_block_is_left(error: type[BaseException] | None) -> None:
    children = Children()
    try:
        with children:
            children.start("sleeper", SLEEP)
            if error:
                raise error
    except (KeyboardInterrupt, ValueError):
        pass
    assert [child.returncode for child in started(children)] == [-signal.SIGTERM]


def test_a_child_that_does_not_stop_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "STOP_SECONDS", 0.2)
    log = tmp_path / "log"
    with Children() as children:
        children.start("stubborn", STUBBORN, log=log)
        wait_until_up(log)
    assert [child.returncode for child in started(children)] == [-signal.SIGKILL]


def test_a_child_that_ends_is_reported_and_the_others_are_stopped() -> None:
    children = Children()
    with children:
        children.start("sleeper", SLEEP)
        children.start("brief", ["-c", "raise SystemExit(3)"])
        with pytest.raises(ChildEndedError, match="brief ended with exit code 3"):
            children.watch()
    assert [child.returncode for child in started(children)] == [-signal.SIGTERM, 3]


def test_a_termination_interrupts_and_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), Children():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_output_and_environment_are_the_childs_own(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = "import os, time; print(os.environ['COLOUR'], 'up', flush=True); time.sleep(600)"
    with Children() as children:
        children.start("child", ["-c", code], {"COLOUR": "blue"}, log)
        wait_until_up(log)
    assert log.read_text() == "blue up\n"
