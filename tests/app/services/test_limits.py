"""Requests as nasty as the schema admits end with an answer, in 1 GiB.

How long they take is for ``benchmarks.nasty``: a busy machine must not decide here.
"""

import pytest

from app.services import child
from app.services.child import Child
from benchmarks import nasty

pytestmark = pytest.mark.slow

CORPUS = dict(nasty.corpus())
TOLD_APART = 4
"""Every so many of them are enough to see each kind of request here."""


@pytest.mark.parametrize("name", [*CORPUS][::TOLD_APART])
def test_a_nasty_request_ends_with_an_answer(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "GRACE_SECONDS", 120.0)
    answer = Child(nasty.MEMORY_MB).solve(CORPUS[name])
    assert answer.outcome in ("complete", "truncated", "infeasible", "timed_out")
    assert answer.found >= len(answer.table)
