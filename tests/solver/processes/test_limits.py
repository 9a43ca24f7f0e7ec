"""Requests as nasty as the schema admits end with an answer, in 1 GiB.

How long they take is for ``benchmarks.nasty``: a busy machine must not decide here.
"""

from collections.abc import Iterator

import pytest

from benchmarks import nasty
from solver.processes import process
from solver.processes.pool import Pool

pytestmark = pytest.mark.slow

CORPUS = dict(nasty.corpus())
TOLD_APART = 5
"""Every so many of them are enough to see each kind of request here: there are six, in turn."""


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    """Processes for one request after the other, replaced as in the service."""
    one = Pool(nasty.MEMORY_MB, size=1)
    yield one
    one.close()


@pytest.mark.parametrize("name", [*CORPUS][::TOLD_APART])
def test_a_nasty_request_ends_with_an_answer(
    name: str, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "GRACE_SECONDS", 120.0)
    one, is_usable = pool.take(), False
    try:
        answer = one.solve(CORPUS[name])
        is_usable = True
    finally:
        pool.give_back(one, is_usable=is_usable)
    assert answer.outcome in ("complete", "truncated", "infeasible", "timed_out")
    assert answer.found >= len(answer.table)
