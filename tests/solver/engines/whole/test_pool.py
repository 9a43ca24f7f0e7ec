import numpy as np

from solver.engines.whole.closest import SLACK
from solver.engines.whole.exact import ExactSearch
from solver.engines.whole.pool import Pool
from tests.solver.engines.whole.networks import LONG, chain
from tests.solver.factories import PATIENCE


def test_of_known_answers_those_near_the_best_are_added() -> None:
    problem = chain(LONG)
    rows = next(ExactSearch(problem).batches(PATIENCE))
    is_near = problem.changes(rows) <= SLACK * problem.changes(rows[0])
    assert 1 < is_near.sum() < len(rows)
    pool = Pool.near(problem, rows[0])
    pool.add(rows)
    pool.add(rows + problem.steps)
    found = pool.sorted(problem.changes)
    assert np.unique(found, axis=0).tolist() == np.unique(rows[is_near], axis=0).tolist()
