from types import SimpleNamespace

import pytest

from solver.engines.progress import silent
from solver.engines.whole import engine, strategies
from solver.engines.whole.engine import Whole
from solver.engines.whole.found import NO_ANSWER, Found
from solver.problem import Best, Problem, Settings
from tests.solver.factories import shipped_network


@pytest.mark.parametrize(("top", "for_the_best"), [(1, 60.0), (2, 58.0)])
def test_time_is_kept_for_other_answers_only_where_some_are_asked_for(
    top: int, for_the_best: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[float] = []

    def best(*arguments: object) -> Found:
        given.extend(it for it in arguments if isinstance(it, float))
        return NO_ANSWER

    monkeypatch.setattr(strategies, "best", best)
    monkeypatch.setattr(engine, "time", SimpleNamespace(monotonic=lambda: 0.0))
    problem = Problem.model_validate(
        {
            "architecture": shipped_network("resnet18"),
            "approach": "V",
            "budget": "both",
            "ranges": {"resolution": [256, 256]},
        }
    )
    settings = Settings(find=Best(best="closest", top=top), time_limit=60.0)
    Whole(problem, settings).answer(silent)
    assert given == [for_the_best]
