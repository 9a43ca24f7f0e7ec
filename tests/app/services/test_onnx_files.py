"""ONNX files are written in child processes that end when nobody waits for them."""

import asyncio
import sys

import pytest

from app.errors import BusyError
from app.services import onnx_files
from app.services.onnx_files import MOST_WAITING, OnnxFiles
from app.services.stopping import Closing
from app.services.turns import UnwantedError
from app.shipped import example
from solver.network.architecture import Architecture
from tests.app.services.processes import children

ARCHITECTURE = Architecture.model_validate(example("digits-architecture"))
WAITS = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture(autouse=True)
def _nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_files, "command", lambda _path: WAITS)


async def never() -> None:
    await asyncio.Event().wait()


async def another_than(before: set[str]) -> None:
    """Wait until a process was started."""
    while children() <= before:
        await asyncio.sleep(0.01)


def test_a_process_is_killed_when_its_client_hangs_up() -> None:
    before = children()

    with pytest.raises(UnwantedError):
        asyncio.run(OnnxFiles(Closing()).write(ARCHITECTURE, lambda: another_than(before)))

    assert children() <= before


def test_a_process_is_killed_when_the_server_is_to_stop() -> None:
    before, closing = children(), Closing()

    async def stopped() -> None:
        writing = asyncio.ensure_future(OnnxFiles(closing).write(ARCHITECTURE, never))
        await another_than(before)
        closing.set()
        await writing

    with pytest.raises(UnwantedError):
        asyncio.run(stopped())

    assert children() <= before


def test_more_than_a_few_do_not_wait() -> None:
    before, closing = children(), Closing()

    async def crowded() -> None:
        files = OnnxFiles(closing)
        asked = [
            asyncio.ensure_future(files.write(ARCHITECTURE, never)) for _ in range(1 + MOST_WAITING)
        ]
        await another_than(before)
        try:
            await files.write(ARCHITECTURE, never)
        finally:
            closing.set()
            await asyncio.gather(*asked, return_exceptions=True)

    with pytest.raises(BusyError, match="are waited for already"):
        asyncio.run(crowded())
