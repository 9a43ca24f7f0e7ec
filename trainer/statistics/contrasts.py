"""What one original says about each of a study's estimates: one number, and its image by image."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from trainer.statistics.selection import selected
from trainer.statistics.study_networks import Network


@dataclass(frozen=True)
class Member:
    """An original of a cell with those of its networks that have runs.

    ``pairs`` holds variants with the same variants on images with no more detail, ``plain``
    variants that read no more rows of the image than the original.
    """

    original: Network
    variants: Sequence[Network] = ()
    pairs: Sequence[tuple[Network, Network]] = ()
    retrained: Sequence[Network] = ()
    same_resolution: Sequence[Network] = ()
    plain: Sequence[Network] = ()


@dataclass(frozen=True)
class Difference:
    """The mean accuracy of some networks minus that of others, and its part in each test image.

    ``by_image_I`` is ``None`` where it is not known of each network which images it got right.
    """

    gain: float
    by_image_I: NDArray[np.float64] | None  # noqa: N815 - named by shape

    @classmethod
    def of(cls, ours: Sequence[Network], theirs: Sequence[Network]) -> "Difference | None":
        """Compare means over networks; ``None`` if there are none on a side."""
        if not ours or not theirs:
            return None
        return cls(_accuracy(ours) - _accuracy(theirs), _by_image(ours, theirs))


def _accuracy(networks: Sequence[Network]) -> float:
    return float(np.mean([network.test for network in networks]))


def _by_image(ours: Sequence[Network], theirs: Sequence[Network]) -> NDArray[np.float64] | None:
    left, right = ([network.correct_I for network in arm] for arm in (ours, theirs))
    known = [row for row in (*left, *right) if row is not None]
    if len(known) < len(left) + len(right) or len({len(row) for row in known}) > 1:
        return None
    return np.asarray(sum(known[: len(left)]) / len(left) - sum(known[len(left) :]) / len(right))


def _best(networks: Sequence[Network]) -> Sequence[Network]:
    return sorted(networks, key=lambda it: it.test)[-1:]


def _selected(variants: Sequence[Network]) -> Sequence[Network]:
    """The runs that are selected, as those of one network."""
    found = selected(variant.runs for variant in variants)
    return [Network(tuple(found))] if found else []


def _lucky(member: Member) -> Sequence[Network]:
    """As many further trainings as there are variants, since the best of more is better."""
    k = len(member.variants)
    return member.retrained[:k] if len(member.retrained) >= k else ()


Contrast: TypeAlias = Callable[[Member], Difference | None]

CONTRASTS: Final[Mapping[str, Contrast]] = {
    "mean_variant": lambda it: Difference.of(it.variants, [it.original]),
    "selected": lambda it: Difference.of(_selected(it.variants), [it.original]),
    "best_of_k": lambda it: Difference.of(_best(it.variants), [it.original]),
    "best_of_k_null": lambda it: Difference.of(_best(_lucky(it)), [it.original]),
    "best_minus_null": lambda it: Difference.of(_best(it.variants), _best(_lucky(it))),
    "true_minus_upsampled": lambda it: Difference.of(
        [true for true, _ in it.pairs], [upsampled for _, upsampled in it.pairs]
    ),
    "upsampled_minus_original": lambda it: Difference.of(
        [upsampled for _, upsampled in it.pairs], [it.original]
    ),
    "same_resolution": lambda it: Difference.of(it.same_resolution, [it.original]),
    "no_more_rows": lambda it: Difference.of(it.plain, [it.original]),
}
"""By the names of the estimates; ``None`` where the original does not count yet."""

OPTIMISTIC: Final = frozenset(["best_of_k", "best_of_k_null"])
"""Estimates that luck alone makes positive."""

CHOSEN: Final = OPTIMISTIC | {"best_minus_null", "selected"}
"""Estimates of one network that was chosen from several, which makes gains lopsided."""


def share_better(member: Member, gain: float = 0.0) -> float:
    """The share of an original's variants that gain more than ``gain``; ties count half."""
    baseline = member.original.test + gain
    signs = [np.sign(variant.test - baseline) for variant in member.variants]
    return float(np.mean(signs)) / 2 + 0.5
