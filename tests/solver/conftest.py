from collections.abc import Iterator

import pytest

from solver.explain import blocking
from tests.solver.factories import PATIENCE


@pytest.fixture(scope="session", autouse=True)
def _patient() -> Iterator[None]:
    """Explanations take the time they need: a busy machine must not change them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocking, "SECONDS", PATIENCE)
        yield
