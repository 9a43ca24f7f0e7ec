"""Where the spread of a study's gains comes from: components of variance, by their moments.

A network's mean over S seeds holds an S-th of the seeds' variance, a mean over k variants a k-th of
the variants'; each level is freed from what those below it bring (Searle et al., 1992, chapter 3).
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np

from app.schemas.study_results import Spread
from trainer.statistics.contrasts import Member
from trainer.statistics.estimates import Finding
from trainer.statistics.study_networks import Network

Decomposed: TypeAlias = Literal["mean_variant", "true_minus_upsampled"]


@dataclass(frozen=True)
class Unit:
    """One variant of an original: its gain, and the networks whose seeds bring noise to it."""

    gain: float
    networks: Sequence[Network]


@dataclass(frozen=True)
class Group:
    """An original's variants; ``reference`` is the network that all of them are compared with."""

    units: Sequence[Unit]
    reference: Network | None


def _against_original(member: Member) -> Group:
    units = [Unit(it.test - member.original.test, [it]) for it in member.variants]
    return Group(units, member.original)


def _against_upsampled(member: Member) -> Group:
    return Group([Unit(a.test - b.test, [a, b]) for a, b in member.pairs], None)


GROUPS: Final[Mapping[Decomposed, Callable[[Member], Group]]] = {
    "mean_variant": _against_original,
    "true_minus_upsampled": _against_upsampled,
}


def spread(contrast: Decomposed, members: Iterable[Member], finding: Finding) -> Spread:
    """Estimate the components of one contrast; negative variances count as 0."""
    groups = [group for group in map(GROUPS[contrast], members) if group.units]
    of_seeds = _between_seeds(groups)
    of_variants = None if of_seeds is None else _between_variants(groups, of_seeds)
    of_originals = (
        None
        if of_seeds is None or of_variants is None
        else _between_originals(groups, of_seeds, of_variants)
    )
    of_images = finding.images.variance if finding.inference else None
    return Spread(
        originals=_root(of_originals),
        variants=_root(of_variants),
        seeds=_root(of_seeds),
        images=_root(of_images),
    )


def _root(variance: float | None) -> float | None:
    return None if variance is None else math.sqrt(max(0.0, variance))


def _between_seeds(groups: Iterable[Group]) -> float | None:
    """The variance of runs within a network, pooled over networks by degrees of freedom."""
    networks = {
        id(network): network
        for group in groups
        for network in (group.reference, *(it for unit in group.units for it in unit.networks))
        if network
    }
    return _pooled([run.test_accuracy for run in it.runs] for it in networks.values())


def _between_variants(groups: Iterable[Group], of_seeds: float) -> float | None:
    """The variance of true gains within an original."""
    groups = list(groups)
    measured = _pooled([unit.gain for unit in group.units] for group in groups)
    noise = np.mean([_noise(unit.networks, of_seeds) for group in groups for unit in group.units])
    return None if measured is None else max(0.0, measured - float(noise))


def _between_originals(
    groups: Sequence[Group], of_seeds: float, of_variants: float
) -> float | None:
    """The variance of originals' true mean gains."""
    if len(groups) < 2:
        return None
    gains = [np.mean([unit.gain for unit in group.units]) for group in groups]
    noise = np.mean([_noise_of_mean(group, of_seeds, of_variants) for group in groups])
    return max(0.0, float(np.var(gains, ddof=1) - noise))


def _noise_of_mean(group: Group, of_seeds: float, of_variants: float) -> float:
    """The variance of an original's mean gain that its variants and all seeds bring."""
    k = len(group.units)
    of_units = sum(_noise(unit.networks, of_seeds) for unit in group.units) / k**2
    of_reference = _noise([group.reference], of_seeds) if group.reference else 0.0
    return of_variants / k + of_units + of_reference


def _noise(networks: Iterable[Network], of_seeds: float) -> float:
    """The variance that seeds bring to a sum or difference of networks' means."""
    return sum(of_seeds / len(network.runs) for network in networks)


def _pooled(groups: Iterable[Sequence[float]]) -> float | None:
    """The variance within groups; ``None`` if none of them has two values."""
    known = [values for values in groups if len(values) > 1]
    if not known:
        return None
    squares = sum(float(np.var(values)) * len(values) for values in known)
    return squares / sum(len(values) - 1 for values in known)
