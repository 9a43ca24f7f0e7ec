"""The original network's numbers, by the names of the variants' columns."""

from collections.abc import Mapping

from solver.answers.variants import Describer
from solver.network.counting import share_read, span
from solver.problem import Problem


def measures_of(problem: Problem) -> Mapping[str, float]:
    """The measures of a problem's original; unknowns are not among them."""
    counts = Describer(problem).counts(problem.architecture)
    walk = problem.template.original_walk
    return {
        "resolution": problem.architecture.resolution,
        "params": counts.params,
        "macs": counts.macs,
        "flops": counts.flops,
        "activations": counts.activations,
        "coverage": share_read(walk),
        "receptive_field": span(walk, count_pooling=problem.count_pooling).receptive_field,
    }
