import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.cli import processes
from app.cli.processes import ChildEndedError, Children
from app.supervision import Kept

pytestmark = pytest.mark.slow  # starts processes

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


def test_a_child_that_is_kept_is_started_again_whenever_it_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Killed or done, one after the other; each pause is twice the one before it."""
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    with Children() as children:
        children.keep("sleeper", SLEEP)
        (kept,) = children._kept
        for pause, number in ((1.0, signal.SIGKILL), (2.0, signal.SIGTERM), (4.0, signal.SIGKILL)):
            process = kept._process
            assert process is not None
            process.send_signal(number)
            process.wait()
            children.check()
            now += pause - 0.1
            children.check()
            assert kept.pid is None
            now += 0.1
            children.check()
            assert kept.pid not in (None, process.pid)
        last = kept._process
    assert last is not None
    assert last.returncode == -signal.SIGTERM


@pytest.mark.parametrize("never_ends", [False, True])
def test_what_ends_by_itself_is_done_unless_it_never_ends(never_ends: bool) -> None:
    def start() -> "subprocess.Popen[bytes]":
        return subprocess.Popen([sys.executable, "-c", ""], process_group=0)

    kept = Kept("brief", start, never_ends=never_ends)
    assert kept._process is not None
    kept._process.wait()
    kept.look()
    assert kept.code == (None if never_ends else 0)
    kept.kill()


def test_after_a_long_life_the_first_pause_is_short_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)

    def start() -> "subprocess.Popen[bytes]":
        return subprocess.Popen([sys.executable, "-c", "raise SystemExit(7)"], process_group=0)

    kept = Kept("sleeper", start)
    for life in (0.0, 59.0, 61.0):
        assert kept._process is not None
        kept._process.wait()
        now += life
        kept.look()
        now += 60.0
        kept.look()
    kept.kill()
    told = [message.split("; ")[1] for message in caplog.messages]
    assert told == [f"another starts in {pause} s" for pause in (1, 2, 1)]


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
