"""Child processes that never outlive the command that started them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, Final

from app.supervision import Kept, kill_group

STOP_SECONDS: Final = 10.0
"""The time that children have to end when asked; after it, they are killed."""
LOOK_SECONDS: Final = 0.2
_STOP_SIGNALS: Final = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


class ChildEndedError(RuntimeError):
    """A child has ended that should have gone on."""


class Children:
    """Starts processes, and stops all of them at the end of its block, however that ends.

    Within the block, SIGTERM and SIGHUP raise ``KeyboardInterrupt`` as Ctrl-C does. Children have
    process groups of their own, so that a Ctrl-C in the terminal reaches them once, through this
    process. Kept children are started again when they end, at growing intervals.
    """

    def __init__(self) -> None:
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._kept: list[Kept] = []
        self._logs = ExitStack()

    def __enter__(self) -> "Children":
        self._handlers = {number: signal.getsignal(number) for number in _STOP_SIGNALS}
        _handle(dict.fromkeys(_STOP_SIGNALS, signal.default_int_handler))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _handle(dict.fromkeys(_STOP_SIGNALS, signal.SIG_IGN))
        try:
            self._stop()
        finally:
            self._logs.close()
            _handle(self._handlers)

    def start(
        self,
        name: str,
        arguments: Sequence[str],
        environment: Mapping[str, str] | None = None,
        log: Path | None = None,
    ) -> None:
        """Run ``python`` with these arguments; its output goes to ``log``, or to ours."""
        output: IO[bytes] | None = self._logs.enter_context(log.open("wb")) if log else None
        self._processes[name] = _run(arguments, environment, subprocess.DEVNULL, output)

    def keep(self, name: str, arguments: Sequence[str]) -> None:
        """Run ``python`` with these arguments, and start it again whenever it ends.

        The end of its standard input tells the child that this process has ended.
        """
        start = partial(_run, arguments, None, subprocess.PIPE, None)
        self._kept.append(Kept(name, start, never_ends=True))

    def check(self) -> None:
        """Check that all children still run, and start kept ones again.

        Raises
        ------
        ChildEndedError
            A child has ended that is not kept.
        """
        for name, process in self._processes.items():
            if (code := process.poll()) is not None:
                raise ChildEndedError(f"{name} ended with exit code {code}")
        for kept in self._kept:
            kept.look()

    def watch(self) -> None:
        """Keep checking until a child ends that is not kept.

        Raises
        ------
        ChildEndedError
            Such a child has ended.
        """
        while True:
            self.check()
            time.sleep(LOOK_SECONDS)

    def _stop(self) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._processes.values():
            process.terminate()
        for kept in self._kept:
            kept.terminate()
        for process in self._processes.values():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                kill_group(process)
        for kept in self._kept:
            kept.wait(deadline)


def _run(
    arguments: Sequence[str],
    environment: Mapping[str, str] | None,
    stdin: int,
    output: IO[bytes] | None,
) -> "subprocess.Popen[bytes]":
    """Run ``python`` in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
        stdin=stdin,
        stdout=output,
        stderr=output,
        process_group=0,
    )


def _handle(handlers: Mapping[signal.Signals, "signal._HANDLER"]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)
