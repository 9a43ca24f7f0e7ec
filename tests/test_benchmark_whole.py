from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks import mobilenet_grid, whole_cases
from benchmarks.whole_searches import RIVALS, Judge, TimeUpError, missed
from solver.engines.progress import Progress
from solver.engines.whole.posing import Posing
from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.quadratic import Floats, Ints
from solver.network.architecture import Architecture
from solver.network.counting import count
from solver.problem import Best, Problem, Sample, Settings

pytestmark = pytest.mark.slow
RESNET_18 = Architecture.model_validate_json(
    (Path(__file__).parents[1] / "examples/resnet18.json").read_bytes()
)


@pytest.fixture
def problem() -> WholeProblem:
    return Posing(Problem.model_validate(whole_cases.request(RESNET_18, 256, 256, 1))).at(256)


def test_an_answer_is_timed_checked_and_counted_by_pytorch() -> None:
    asked = whole_cases.request(RESNET_18, 256, 256, 1)
    answer = whole_cases.solved(asked, Settings(find=Sample(sample=1, seed=0), time_limit=20.0))

    assert answer.row is not None
    whole_cases.hold_equal(answer)
    assert 1 < answer.change <= 2
    assert answer.seconds > 0


def test_the_proof_of_the_best_is_timed() -> None:
    asked = whole_cases.request(RESNET_18, 256, 256, 1, tolerance=0.01)
    answer = whole_cases.solved(asked, Settings(find=Best(best="closest", top=1), time_limit=20.0))

    assert answer.is_proved
    assert answer.settled is not None
    assert 0 < answer.settled <= answer.seconds
    assert answer.best == pytest.approx(answer.bound)


def test_counts_that_differ_are_not_held_equal() -> None:
    asked = whole_cases.request(RESNET_18, 256, 256, 1, tolerance=0.01)
    answer = whole_cases.solved(asked, Settings(find=Best(best="closest", top=1), time_limit=20.0))

    whole_cases.hold_equal(answer, tolerance=0.01)
    with pytest.raises(AssertionError, match="is not"):
        whole_cases.hold_equal(answer)


@pytest.mark.parametrize(
    ("progress", "is_best"),
    [
        (Progress(1, 1.25, 1.25), True),
        (Progress(1, 1.25, 1.2), False),
        (Progress(0, None, 1.2), False),
        (Progress(1, 320, None), False),
    ],
)
def test_a_search_has_settled_once_its_best_reaches_its_bound(
    progress: Progress, is_best: bool
) -> None:
    assert whole_cases._is_best(progress) is is_best


def test_a_judge_keeps_what_the_best_widths_miss(problem: WholeProblem) -> None:
    judge = Judge(problem, seconds=60.0)
    rows = np.stack([problem.low, problem.original // problem.steps, problem.high])

    gaps = judge(rows)

    macs = problem.budgets[1]
    own = problem.original
    assert gaps.shape == (3, 2)
    assert judge.misses == (0, macs.count(own) - macs.target)
    judge(rows[:1])
    assert judge.misses == (0, macs.count(own) - macs.target), "worse widths change nothing"


def test_a_judge_whose_time_is_up_answers_no_more(problem: WholeProblem) -> None:
    with pytest.raises(TimeUpError):
        Judge(problem, seconds=0.0)(problem.low[None])


@pytest.mark.parametrize("rival", RIVALS.values(), ids=RIVALS)
def test_every_rival_stays_in_the_box_and_finds_widths(
    rival: Callable[[Judge], None], problem: WholeProblem, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = Judge.__call__

    def inside(judge: Judge, steps: Ints) -> Floats:
        assert ((steps >= problem.low) & (steps <= problem.high)).all()
        return judged(judge, steps)

    monkeypatch.setattr(Judge, "__call__", inside)
    judge = missed(rival, problem, seconds=0.5)

    assert judge.misses is not None


def test_mobilenets_grid_has_the_published_sizes() -> None:
    cell = mobilenet_grid.Cell(0.75, 192)

    counts = count(mobilenet_grid.mobilenet(cell))

    assert round(counts.macs / 1e6) == pytest.approx(153, abs=1)
    assert counts.params == pytest.approx(2.61e6, rel=0.02)
