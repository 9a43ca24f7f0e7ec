from types import SimpleNamespace

import pytest

from solver.engines.progress import silent
from solver.engines.whole import engine, strategies
from solver.engines.whole.engine import Whole
from solver.engines.whole.exact import ExactSearch
from solver.engines.whole.found import NO_ANSWER, Found
from solver.engines.whole.pool import Pool
from solver.engines.whole.posing import Posing
from solver.problem import Best, Problem, Settings
from tests.solver.factories import PATIENCE, shipped_network


def posed() -> Problem:
    """ResNet-18 at 256 px with equal counts."""
    return Problem.model_validate(
        {
            "architecture": shipped_network("resnet18"),
            "approach": "V",
            "budget": "both",
            "ranges": {"resolution": [256, 256]},
        }
    )


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
    settings = Settings(find=Best(best="closest", top=top), time_limit=60.0)
    Whole(posed(), settings).answer(silent)
    assert given == [for_the_best]


def test_where_a_search_nearby_finds_too_few_those_found_with_the_best_are_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = posed()
    rows = next(ExactSearch(Posing(problem).at(256)).batches(PATIENCE))
    found = Found(rows[0], value=2.0, others=rows[1:])
    monkeypatch.setattr(strategies, "best", lambda *_: found)
    monkeypatch.setattr(Pool, "fill", lambda *_, **__: False)
    settings = Settings(find=Best(best="closest", top=3), time_limit=60.0)
    assert len(Whole(problem, settings).answer(silent).rows) == 3
