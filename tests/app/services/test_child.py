import os
import signal

import pytest

from app.services.child import Child, SolverCancelledError
from solver.problem import SolveRequest
from tests.factories import search_body


def test_a_search_is_cancelled_while_its_process_still_starts() -> None:
    child = Child(memory_mb=1024)
    os.kill(child._process.pid, signal.SIGSTOP)  # so that it is never ready

    with pytest.raises(SolverCancelledError):
        child.solve(SolveRequest.model_validate(search_body()), is_cancelled=lambda: True)

    assert child._process.returncode == -signal.SIGKILL
