"""Typical widths of answers in a box: as even as they can be where both counts are met."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from solver.engines.whole.density import Tilted, tilted
from solver.engines.whole.problem import WholeProblem
from solver.engines.whole.quadratic import Flags, Floats, Ints, Quadratic

STEPS: Final = 40
UNDAMPED: Final = 3
"""How many steps are whole ones; the counts are not linear, so later ones are shorter."""
DAMPING: Final = 0.7
CLOSE: Final = 1e-3
"""Largest change of a mean, in steps of widths, at which it rests."""
GAP: Final = 1e-3
"""Largest relative gap of a count at the mean."""


@dataclass(frozen=True, eq=False)
class TypicalWidths:
    """Independent random widths, in steps, whose expected counts are those that are asked for.

    Of all such distributions on the box it has the largest entropy, so widths drawn from it are as
    answers are. In a small box most answers have most of their widths near a side; a centre of the
    box, rounded, is then unlike them.

    Attributes
    ----------
    low
        The least number of steps of each group, shape ``(n,)``, as are all others.
    sizes
        How many widths each group may have.
    tilts
        Logarithm of how much likelier one step more is.
    mean, variance
        Of the numbers of steps.
    """

    low: Ints
    sizes: Ints
    tilts: Floats
    mean: Floats
    variance: Floats

    @classmethod
    def of(cls, problem: WholeProblem) -> "TypicalWidths | None":
        """The typical widths in the problem's box; ``None`` if its counts are out of reach."""
        counts = [it.count.in_steps(problem.steps) for it in problem.budgets]
        sizes, middle = problem.high - problem.low + 1, (problem.low + problem.high) / 2
        mean = middle
        binds = np.array([it.is_exact for it in problem.budgets])
        for step in range(STEPS):
            gaps = _gaps(problem, counts, mean)
            binds |= gaps != 0
            found = _tilted(counts, binds, gaps, mean, middle, sizes)
            change = middle + found.mean[0] - mean
            mean = mean + change * (1.0 if step < UNDAMPED else DAMPING)
            if np.abs(change).max() < CLOSE:
                break
        targets = np.array([max(it.target, 1) for it in problem.budgets])
        if np.abs(_gaps(problem, counts, mean) / targets).max() > GAP:
            return None
        return cls(problem.low, sizes, found.tilts[0], mean, found.variance[0])

    @property
    def room(self) -> Floats:
        """The binary logarithm of the number of equally likely widths with the same variance."""
        found: Floats = np.log2(12 * self.variance + 1) / 2
        return found

    def draw(self, rows: int, random: np.random.Generator) -> Ints:
        """Numbers of steps, shape ``(rows, n)``."""
        tilts = np.abs(self.tilts).clip(1e-9)
        chances = random.random((rows, len(self.sizes)))
        from_end = np.floor(np.log1p(chances * np.expm1(-tilts * self.sizes)) / -tilts)
        from_end = from_end.clip(0, self.sizes - 1).astype(np.int64)
        high = self.low + self.sizes - 1
        drawn: Ints = np.where(self.tilts > 0, high - from_end, self.low + from_end)
        return drawn

    def choose(self, group: int, steps: Ints, random: np.random.Generator) -> int:
        """One of some numbers of steps of a group, each as likely as it typically is."""
        exponents = self.tilts[group] * steps
        chances = np.exp(exponents - exponents.max())
        return int(random.choice(steps, p=chances / chances.sum()))


def _gaps(problem: WholeProblem, counts: list[Quadratic], steps: Floats) -> Floats:
    """What is missing from each count's band, shape ``(m,)``."""
    values = [count(steps) for count in counts]
    bands = [budget.band for budget in problem.budgets]
    return np.array([np.clip(it, *band) - it for it, band in zip(values, bands, strict=True)])


def _tilted(
    counts: list[Quadratic], binds: Flags, gaps: Floats, mean: Floats, middle: Floats, sizes: Ints
) -> Tilted:
    """Widths around the box's middle that meet the counts, made linear at the mean."""
    slopes = np.stack([count.gradient(mean) for count in counts])[binds]
    return tilted(slopes[None], sizes, (gaps[binds] + slopes @ (mean - middle))[None])
