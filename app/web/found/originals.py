"""The original network's numbers, by the names of the variants' columns."""

from collections.abc import Mapping

from app.services.variant_columns import PRIME
from solver.answers.variants import Describer
from solver.network.counting import share_read, span
from solver.problem import Problem
from solver.variation.whole import WholeTemplate


def measures_of(problem: Problem) -> Mapping[str, float]:
    """The measures of a problem's original, and the widths of a whole network."""
    counts = Describer(problem).counts(problem.architecture)
    template = problem.template
    walk = template.original_walk
    widths = template.own if isinstance(template, WholeTemplate) else {}
    return {
        "resolution": problem.architecture.resolution,
        "params": counts.params,
        "macs": counts.macs,
        "flops": counts.flops,
        "activations": counts.activations,
        "coverage": share_read(walk),
        "receptive_field": span(walk, count_pooling=problem.count_pooling).receptive_field,
        **{name + PRIME: width for name, width in widths.items()},
    }
