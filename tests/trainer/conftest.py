"""Processes that train are forked from one that has loaded PyTorch, which takes seconds.

``tests/e2e`` spawns them, as workers do.
"""

import multiprocessing

import pytest

PRELOADED = [
    "sklearn.datasets",
    "trainer.checkpoints",
    "trainer.datasets",
    "trainer.images",
    "trainer.networks",
    "trainer.train",
]

forked = multiprocessing.get_context("forkserver")
forked.set_forkserver_preload(PRELOADED)


@pytest.fixture(autouse=True)
def _forked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multiprocessing, "get_context", lambda _: forked)
