"""What a search for the widths of a whole network found."""

from dataclasses import dataclass

from solver.engines.whole.quadratic import Ints


@dataclass(frozen=True, eq=False)
class Found:
    """The best answer of a search, and what is proved about it.

    Attributes
    ----------
    widths
        The answer's widths, shape ``(n,)``, or ``None``.
    value
        What the search makes small or large, for these widths.
    bound
        No answer can have a better value; ``None`` if no bound is known or no answer exists.
    is_proved
        Whether no answer is better or, without widths, whether there is no answer at all.
    others
        Answers that were found with it, shape ``(rows, n)``, or ``None``.
    """

    widths: Ints | None
    value: float | None = None
    bound: float | None = None
    is_proved: bool = False
    others: Ints | None = None


NO_ANSWER = Found(None, is_proved=True)
"""It is proved that there is none."""
