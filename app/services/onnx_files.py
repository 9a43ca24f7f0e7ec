"""Networks as ONNX files, which processes write that have PyTorch.

The weights are PyTorch's initial ones, of a fixed seed: the same network gives the same file.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, Final

from app.errors import REFUSED, BusyError, Fault, RefusedError, UnsupportedError, last_line
from app.services.asking import HangUp
from app.services.stopping import Closing
from app.services.turns import Look, Turns
from solver.network import counting
from solver.network.architecture import Architecture
from solver.processes.priority import NICE, step_back

EXTRAS: Final = {"torch": "trainer", "onnx": "onnx", "onnxscript": "onnx"}
"""The packages that write ONNX, and the extras that install them."""
MOST_PARAMS: Final = 64_000_000
"""Parameters of a network that a server writes, which takes up to 1.5 GiB of memory."""
MOST_WAITING: Final = 4
"""Requests that wait while a file is written."""
SECONDS: Final = 120.0
"""The time in which a file is written or given up; on an idle machine it takes about 10 s."""
LOOK_SECONDS: Final = 0.2
ELSEWHERE: Final = "run isobudget export --format onnx where there is room for it"


def command(path: Path, options: Sequence[str] = ()) -> list[str]:
    """What writes the architecture on standard input to a file."""
    return [sys.executable, "-m", "trainer.exporting", str(path), *options]


def missing() -> str | None:
    """What has to be installed before ONNX can be written here; ``None`` if nothing."""
    extras = sorted({extra for package, extra in EXTRAS.items() if find_spec(package) is None})
    if not extras:
        return None
    return f"ONNX needs what is not installed: pip install 'isobudget[{','.join(extras)}]'"


def too_large(architecture: Architecture) -> str | None:
    """Why a network is too large to be written by a server; ``None`` if it is not."""
    params = counting.params(architecture)
    if params <= MOST_PARAMS:
        return None
    return (
        f"a server writes ONNX files of up to {MOST_PARAMS:,} parameters, and this network has "
        f"{params:,}; {ELSEWHERE}"
    )


def version_of(architecture: Architecture) -> str:
    """What the file of a checked network follows from: itself, and the packages that write it."""
    packages = " ".join(f"{name} {version(name)}" for name in EXTRAS)
    return f"{packages} {architecture.model_dump_json()}"


def obstacle(architecture: Architecture) -> str | None:
    """Why a network cannot be written here; ``None`` if nothing is known to be in the way."""
    return missing() or too_large(architecture)


def check(architecture: Architecture) -> None:
    """Refuse what cannot be written here.

    Raises
    ------
    UnsupportedError
        PyTorch or ONNX is not installed.
    RefusedError
        The network is too large.
    """
    if lacking := missing():
        raise UnsupportedError(lacking)
    if reason := too_large(architecture):
        raise RefusedError(Fault("path/id", reason))


class OnnxFiles:
    """Has files written, one after the other; none once the server is to stop."""

    def __init__(self, closing: Closing) -> None:
        self._turns = Turns(1, closing)

    async def write(self, architecture: Architecture, hang_up: HangUp) -> BinaryIO:
        """Write a checked network. Returns the open file, which is gone once it is closed.

        Raises
        ------
        RefusedError
            ONNX cannot express it.
        BusyError
            Too many wait already, or the machine has no time or memory for it.
        app.services.turns.UnwantedError
            The client hung up, or the server is to stop.
        """
        if self._turns.waiting >= MOST_WAITING:
            raise BusyError(f"{MOST_WAITING} ONNX files are waited for already; try again later")
        return await self._turns.take(lambda look: _written(architecture, look), hang_up)


def _written(architecture: Architecture, look: Look) -> BinaryIO:
    with TemporaryDirectory(prefix="isobudget-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        path = folder / "network.onnx"
        (folder / "architecture.json").write_text(architecture.model_dump_json(), "utf-8")
        code = _run(command(path), folder, look)
        if code == 0:
            return path.open("rb")
        said = (folder / "said").read_text("utf-8", "replace")
    if code == REFUSED:
        raise RefusedError(Fault("path/id", f"ONNX cannot express this network: {last_line(said)}"))
    if code < 0:
        raise BusyError(f"the system ended the process that wrote the file; {ELSEWHERE}")
    raise RuntimeError(f"no ONNX file was written (exit {code}):\n{said}")


def _run(writing: Sequence[str], folder: Path, look: Look) -> int:
    """Run a command to its end, behind what answers requests. Returns its exit code."""
    ends = time.monotonic() + SECONDS
    with (
        (folder / "architecture.json").open("rb") as given,
        (folder / "said").open("wb") as said,
        subprocess.Popen(
            writing,
            stdin=given,
            stdout=said,
            stderr=subprocess.STDOUT,
            process_group=0,  # Ctrl-C is ours to handle: we kill it
        ) as process,
    ):
        step_back(process.pid, NICE)
        try:
            while time.monotonic() < ends:
                look()
                try:
                    return process.wait(LOOK_SECONDS)
                except subprocess.TimeoutExpired:
                    continue
        finally:
            process.kill()
    raise BusyError(f"the file was not written within {SECONDS:g} s; {ELSEWHERE}")
