"""Why approach V has no answer, in the network's numbers, and what would open one."""

import time
from collections.abc import Iterator
from math import inf
from typing import Final

from solver.answers.variants import Explanation
from solver.engines.whole.expected import expected_answers
from solver.engines.whole.posing import Posing
from solver.engines.whole.residues import Residues
from solver.explain.existence import is_out_of_reach
from solver.explain.neighbours import TO_THE_SIDES, Neighbours, described
from solver.explain.out_of_reach import out_of_reach
from solver.explain.ways_out import WaysOut
from solver.network.expectations import listed
from solver.problem import Problem

SECONDS: Final = 4.0
"""Time for all questions of an explanation, unless another one is given."""
WIDTHS: Final = "widths"
RESOLUTION: Final = "ranges.resolution"
SHOWN: Final = 3
"""Names of groups that a sentence lists."""


NEAREST: Final = 0.35
"""The share of the time in which the nearest network is looked for."""


def explain(problem: Problem, seconds: float = SECONDS) -> Explanation:
    """Explain why no widths satisfy a problem; what takes too long is left out.

    The lowest resolution that was asked for is looked at: least must change there. Every way out
    that is told was followed, and has an answer.
    """
    return _Explainer(problem, seconds).explanation()


class _Explainer:
    """Finds the first cause that holds, then the ways out."""

    def __init__(self, problem: Problem, seconds: float) -> None:
        self._problem = problem
        self._posing = Posing(problem)
        self._seconds = seconds
        self._ends = time.monotonic() + seconds
        self._lowest = self._posing.resolutions[0]

    def explanation(self) -> Explanation:
        """What blocks, why, and what would do."""
        if empty := list(self._without_width()):
            return Explanation(blocking=[WIDTHS], nearest=None, reasons=empty)
        posed = self._posing.at(self._lowest)
        budgets = [f"equal {it.name}" for it in posed.budgets if it.band.low]
        ends = self._ends - TO_THE_SIDES * self._seconds
        ways = WaysOut(self._problem, self._posing, self._lowest, ends)
        if posed.is_empty:
            told = f"At {self._lowest:,} px a layer does not fit its map."
            reasons = [told, *ways.resolutions()]
            return Explanation(blocking=[RESOLUTION], nearest=None, reasons=reasons)
        neighbours = Neighbours(posed)
        neighbours.look(NEAREST * self._seconds)
        if is_out_of_reach(posed):
            blocking = [*budgets, WIDTHS, RESOLUTION]
            causes = [*out_of_reach(posed), *self._frozen()]
            others = [*ways.resolutions(), *ways.unfrozen(), *ways.ratios()]
        else:
            blocking = budgets
            causes, others = [*self._remainders()], [*ways.resolutions()]
        neighbours.look_to_the_sides(self._ends - time.monotonic())
        near = described(self._problem, self._posing, neighbours)
        return Explanation(blocking=blocking, reasons=[*causes, *others], **near)

    def _without_width(self) -> Iterator[str]:
        """Yield the groups that have no width within their bounds, and the bounds that would do."""
        units = self._posing.template.groups
        of_group = dict(zip(units.names, units.units, strict=True))
        for name, (low, high, step) in self._posing.template.widths.items():
            if -(-low // step) > high // step:
                unit = of_group[name]
                below, above = low // step * step * unit, -(-high // step) * step * unit
                near = " or ".join(f"[{it}, {it}]" for it in (below, above) if it)
                yield (
                    f"{name} has no width: no multiple of {step * unit} lies between {low * unit} "
                    f"and {high * unit}; widths.groups with {name}: {near} would do."
                )

    def _frozen(self) -> Iterator[str]:
        """Yield which groups cannot change."""
        widths = self._posing.template.widths
        fixed = [name for name, it in widths.items() if it.only is not None]
        if fixed:
            shown = [*fixed[:SHOWN], *(["…"] if len(fixed) > SHOWN else [])]
            names = listed(shown, "and")
            yield f"{len(fixed)} of {len(widths)} widths are frozen: {names}."

    def _remainders(self) -> Iterator[str]:
        """Yield why counts that are possible within a tolerance are not equal to the last unit."""
        posed = self._posing.at(self._lowest)
        if not posed.has_equality:
            yield f"At {self._lowest:,} px no widths within their limits give counts in the band."
            return
        found = Residues.of(posed)
        yield from found.facts
        if found.impossible:
            yield found.impossible
            return
        expected = expected_answers(found.box(posed))
        if -inf < expected < 0:
            yield (
                f"At {self._lowest:,} px about 10^{expected:.1f} answers are to be expected: "
                "there are too few widths for counts that are equal to the last unit."
            )
        else:
            yield f"At {self._lowest:,} px no widths within their limits give exactly these counts."
