"""Requests as nasty as the schema admits end with an answer, in 1 GiB.

How long they take is for ``benchmarks.nasty``: a busy machine must not decide here.
"""

import pytest

from benchmarks import nasty
from solver.processes import process
from solver.processes.process import SolverProcess

pytestmark = pytest.mark.slow

CORPUS = dict(nasty.corpus())
TOLD_APART = 4
"""Every so many of them are enough to see each kind of request here."""


@pytest.mark.parametrize("name", [*CORPUS][::TOLD_APART])
def test_a_nasty_request_ends_with_an_answer(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "GRACE_SECONDS", 120.0)
    with SolverProcess(nasty.MEMORY_MB) as one:
        answer = one.solve(CORPUS[name])
    assert answer.outcome in ("complete", "truncated", "infeasible", "timed_out")
    assert answer.found >= len(answer.table)
