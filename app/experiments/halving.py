"""Successive halving: how far variants are trained before all but the best are cut off.

All are trained a little; the best ``1 / eta`` go on to ``eta`` times as many epochs, and so on
until the recipe's epochs are reached, or one is left, which is trained to the end (Jamieson and
Talwalkar, 2016). Each such step is a rung.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from solver.network.schema import Schema


class Rung(Schema):
    """What halving has decided of one rung: variants are named by their positions in the search.

    ``kept`` and ``accuracies`` are ``None`` while the rung is trained. ``kept`` are those that go
    on, the best first; of the last rung, the winner. ``accuracies`` are those of ``tried``, means
    over seeds on the validation split; that of a variant with a run that failed is ``None``.
    """

    epochs: int
    tried: tuple[int, ...]
    kept: tuple[int, ...] | None = None
    accuracies: tuple[float | None, ...] | None = None

    def decided(self, kept: Sequence[int], accuracies: Sequence[float | None]) -> "Rung":
        """The rung, once it is known which variants go on."""
        return Rung(
            epochs=self.epochs, tried=self.tried, kept=tuple(kept), accuracies=tuple(accuracies)
        )


@dataclass(frozen=True)
class Halving:
    """A schedule; ``epochs`` are the recipe's, which the original is trained at once."""

    eta: int
    min_epochs: int
    epochs: int

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> "Halving | None":
        """The schedule of a job's request; ``None`` where it trains all variants to the end."""
        selection = request["variants"]
        if selection.get("select") != "halving":
            return None
        return cls(selection["eta"], selection["min_epochs"], request["epochs"])

    def first(self, variants: int) -> int:
        """Epochs of the first rung."""
        return self.epochs if variants == 1 else min(self.min_epochs, self.epochs)

    def keeps(self, tried: int, epochs: int) -> int:
        """How many variants of a rung go on; of the last, which one is the winner."""
        return 1 if epochs == self.epochs else -(-tried // self.eta)

    def following(self, epochs: int, kept: int) -> int:
        """Epochs of the rung behind one that kept so many variants."""
        return self.epochs if kept == 1 else min(self.epochs, epochs * self.eta)

    def beyond(self, epochs: int, tried: int) -> int:
        """Epochs, over all variants, that are trained behind a rung that tried so many."""
        if epochs == self.epochs:
            return 0
        kept = self.keeps(tried, epochs)
        following = self.following(epochs, kept)
        return kept * (following - epochs) + self.beyond(following, kept)

    def total(self, variants: int) -> int:
        """Epochs, over all variants, that are trained if none fails."""
        first = self.first(variants)
        return variants * first + self.beyond(first, variants)
