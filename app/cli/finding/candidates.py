"""Candidates: variants of all approaches that keep the bounds, and a draw from them."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

from app.cli.finding.bounds import Bounds
from app.client import Client, Search, Variant
from solver.approaches import APPROACHES
from solver.network.architecture import Architecture
from solver.network.counting import Counts
from solver.problem import Sample

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
    is_whole
        Whether the approach changes all widths: its variants are a sample of too many to count.
    """

    search: Search
    looked_at: int
    kept: Sequence[Variant]
    nearest: Variant | None
    is_whole: bool = False

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
    sample: Sample,
) -> Pool:
    """Search the variants of one approach, and look at what they cost.

    Parameters
    ----------
    resolutions
        The least and the largest, in pixels.
    own
        The counts of the architecture.
    sample
        The variants to find where an approach changes all widths.
    """
    is_whole = APPROACHES[approach].is_whole
    search = client.search(
        architecture,
        approach,
        bounds.budget,
        tolerance=bounds.tolerance(own),
        ranges={"resolution": resolutions},
        limit=MOST_LOOKED_AT,
        time_limit=time_limit,
        wait=False,
        **(_of_whole(bounds, sample) if is_whole else {}),
    ).wait(progress=True)
    variants = list(search.variants())
    kept = [variant for variant in variants if not bounds.excess(variant.counts)]
    others = [variant for variant in variants if bounds.excess(variant.counts)]
    nearest = min(others, key=lambda variant: bounds.excess(variant.counts), default=None)
    return Pool(search, len(variants), kept, nearest, is_whole)


def _of_whole(bounds: Bounds, sample: Sample) -> dict[str, Any]:
    """What is asked of a search that changes all widths; it takes bounds of other costs."""
    most = {bound.cost: bound.high for bound in bounds.others}
    return {
        "find": sample,
        "max_params": most.get("params"),
        "max_activation_bytes": most.get("activation_bytes"),
    }


def draw(pools: Sequence[Pool], number: int, seed: int) -> Mapping[int, Sequence[Variant]]:
    """Draw candidates from the variants of all pools, by the place of their pool.

    A sample of whole networks gets a pool's part of ``number``, and what the others leave. The rest
    is drawn uniformly from the others. There are fewer candidates than ``number`` if fewer variants
    were kept.
    """
    generator = random.Random(seed)
    holding = [(place, pool) for place, pool in enumerate(pools) if pool.kept]
    counted = _drawn([it for it in holding if not it[1].is_whole], generator)
    whole = _drawn([it for it in holding if it[1].is_whole], generator)
    part = number // max(1, len(holding))
    counted = counted[: number - min(part, len(whole))]
    found: dict[int, list[Variant]] = {}
    for place, variant in (*counted, *whole[: number - len(counted)]):
        found.setdefault(place, []).append(variant)
    return dict(sorted(found.items()))


def _drawn(
    pools: Sequence[tuple[int, Pool]], generator: random.Random
) -> Sequence[tuple[int, Variant]]:
    """The variants of these pools in the order in which they are drawn, with their pool's place.

    A variant stands for as many as its pool has for each that was kept. Draws without replacement
    are by weight, therefore (Efraimidis and Spirakis 2006).
    """
    keyed = [
        (generator.random() ** (len(pool.kept) / pool.size), place, variant)
        for place, pool in pools
        for variant in pool.kept
    ]
    return [
        (place, variant) for _, place, variant in sorted(keyed, key=itemgetter(0), reverse=True)
    ]
