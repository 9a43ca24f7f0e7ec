"""Candidates: variants of all approaches that keep the bounds, and a uniform draw from them."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.cli.finding.bounds import Bounds
from app.client import Client, Search, Variant
from solver.network.architecture import Architecture
from solver.network.counting import Counts

MOST_LOOKED_AT: Final = 2_000
"""Variants of a search that are looked at; of more, that many are drawn uniformly from all."""


@dataclass(frozen=True)
class Pool:
    """What one search found, as far as the bounds allow.

    Attributes
    ----------
    looked_at
        The number of variants that the search keeps.
    kept
        Those of them that keep the bounds.
    nearest
        The one of the others that misses a bound by the least share.
    """

    search: Search
    looked_at: int
    kept: Sequence[Variant]
    nearest: Variant | None

    @property
    def size(self) -> float:
        """The number of all variants that keep the bounds, estimated where not all were kept."""
        return self.search.found * len(self.kept) / self.looked_at if self.looked_at else 0.0


def pool(
    client: Client,
    architecture: Architecture,
    approach: str,
    bounds: Bounds,
    resolutions: tuple[int, int],
    own: Counts,
    time_limit: float,
) -> Pool:
    """Search the variants of one approach, and look at what they cost.

    Parameters
    ----------
    resolutions
        The least and the largest, in pixels.
    own
        The counts of the architecture.
    """
    search = client.search(
        architecture,
        approach,
        bounds.budget,
        tolerance=bounds.tolerance(own),
        ranges={"resolution": resolutions},
        limit=MOST_LOOKED_AT,
        time_limit=time_limit,
        wait=False,
    ).wait(progress=True)
    variants = list(search.variants())
    kept = [variant for variant in variants if not bounds.excess(variant.counts)]
    others = [variant for variant in variants if bounds.excess(variant.counts)]
    nearest = min(others, key=lambda variant: bounds.excess(variant.counts), default=None)
    return Pool(search, len(variants), kept, nearest)


def draw(pools: Sequence[Pool], number: int, seed: int) -> Mapping[int, Sequence[Variant]]:
    """Draw candidates uniformly from the variants of all pools, by the place of their pool.

    A variant stands for as many as its pool has for each that was kept. Draws without replacement
    are by weight, therefore (Efraimidis and Spirakis 2006). There are fewer candidates than
    ``number`` if fewer variants were kept.
    """
    generator = random.Random(seed)
    keyed = [
        (generator.random() ** (len(pool.kept) / pool.size), place, variant)
        for place, pool in enumerate(pools)
        for variant in pool.kept
    ]
    drawn = sorted(keyed, key=lambda item: item[0], reverse=True)[:number]
    found: dict[int, list[Variant]] = {}
    for _, place, variant in drawn:
        found.setdefault(place, []).append(variant)
    return dict(sorted(found.items()))
