"""What a gain shows, in one word."""

from app.experiments.inference import LEVEL
from app.schemas.results import Verdict


def verdict(gain: float, p: float, equivalence_p: float) -> Verdict:
    """Say what the p-values of "no difference" and of "not equivalent" show at the level of 95 %.

    A difference goes before equivalence: a small one can be both.
    """
    if p < 1 - LEVEL:
        return "better" if gain > 0 else "worse"
    return "equivalent" if equivalence_p < 1 - LEVEL else "not_decided"
