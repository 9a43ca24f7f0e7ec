"""Successive halving: how far variants are trained before all but the best are cut off.

All variants are trained for a few epochs. The best ``1 / eta`` of them go on to ``eta`` times as
many epochs, and so on, until the recipe's epochs are reached. If only one is left, it is trained to
the end (Jamieson and Talwalkar, 2016). Each such step is a rung.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from solver.network.schema import Schema


class Rung(Schema):
    """One rung of halving; variants are named by their positions in the search.

    ``kept`` and ``accuracies`` are ``None`` while the rung is trained. ``kept`` holds the variants
    that go on, the best first; in the last rung, the winner. ``accuracies`` holds a mean over seeds
    on the validation split for each variant in ``tried``, or ``None`` if one of its runs failed.
    """

    epochs: int
    tried: tuple[int, ...]
    kept: tuple[int, ...] | None = None
    accuracies: tuple[float | None, ...] | None = None

    def decided(self, kept: Sequence[int], accuracies: Sequence[float | None]) -> "Rung":
        """The rung with its decision."""
        return Rung(
            epochs=self.epochs, tried=self.tried, kept=tuple(kept), accuracies=tuple(accuracies)
        )


@dataclass(frozen=True)
class Halving:
    """A schedule; ``epochs`` are the recipe's, for which the original is trained at once."""

    eta: int
    min_epochs: int
    epochs: int

    def first(self, variants: int) -> int:
        """Epochs of the first rung."""
        return self.epochs if variants == 1 else min(self.min_epochs, self.epochs)

    def keeps(self, tried: int, epochs: int) -> int:
        """The number of variants of a rung that go on; in the last rung, 1: the winner."""
        return 1 if epochs == self.epochs else -(-tried // self.eta)

    def following(self, epochs: int, kept: int) -> int:
        """Epochs of the rung after one with ``epochs`` that kept ``kept`` variants."""
        return self.epochs if kept == 1 else min(self.epochs, epochs * self.eta)

    def beyond(self, epochs: int, tried: int) -> int:
        """Epochs that are trained after a rung of ``tried`` variants, summed over variants."""
        if epochs == self.epochs:
            return 0
        kept = self.keeps(tried, epochs)
        following = self.following(epochs, kept)
        return kept * (following - epochs) + self.beyond(following, kept)

    def total(self, variants: int) -> int:
        """Epochs that are trained if no variant fails, summed over variants."""
        first = self.first(variants)
        return variants * first + self.beyond(first, variants)
