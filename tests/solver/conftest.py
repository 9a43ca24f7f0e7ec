from collections.abc import Iterator

import pytest

from solver.engines.factored import skeleton
from solver.explain import blocking
from tests.solver.factories import PATIENCE


@pytest.fixture(scope="session", autouse=True)
def _patient() -> Iterator[None]:
    """Explanations take the time they need: a busy machine must not change them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocking, "SECONDS", PATIENCE)
        yield


@pytest.fixture(params=[skeleton.FEW, 0], ids=["table", "CP-SAT"], scope="module")
def either_way(request: pytest.FixtureRequest) -> Iterator[None]:
    """Small budgets are decided by a table, and all of them once more by CP-SAT."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(skeleton, "FEW", request.param)
        yield
