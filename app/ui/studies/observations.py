"""What a study shows outside its plan: the paper's reading of Fig. 1."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from app.schemas.study_results import StudyNetwork
from app.ui.sentences import percent


def resolutions_of(networks: Sequence[StudyNetwork]) -> list[int]:
    """The resolutions of these networks, the least first."""
    return sorted({network.resolution for network in networks})


def at(networks: Sequence[StudyNetwork], resolution: int) -> list[StudyNetwork]:
    """The networks of one resolution whose accuracy is known."""
    return [
        network
        for network in networks
        if network.resolution == resolution and network.accuracy.mean is not None
    ]


def by_resolution(networks: Sequence[StudyNetwork]) -> Iterator[str]:
    """Yield a sentence for each resolution: how accurate its networks are."""
    for resolution in resolutions_of(networks):
        known = [network.accuracy.mean or 0.0 for network in at(networks, resolution)]
        if known:
            mean = sum(known) / len(known)
            yield (
                f"{len(known)} networks of {resolution} px reach {percent(mean)} in the mean, "
                f"from {percent(min(known))} to {percent(max(known))}."
            )


def matched(networks: Sequence[StudyNetwork]) -> Iterator[str]:
    """Yield how often a larger image did better at no higher cost, for neighbouring resolutions.

    The better network is chosen by its test accuracy, so luck alone finds some.
    """
    for low, high in pairwise(resolutions_of(networks)):
        smaller, larger = at(networks, low), at(networks, high)
        if smaller and larger:
            by_params = sum(_is_beaten(it, larger, "params") for it in smaller)
            by_flops = sum(_is_beaten(it, larger, "flops") for it in smaller)
            yield (
                f"For {by_params} of {len(smaller)} networks of {low} px, some network of "
                f"{high} px with no more parameters is more accurate; for {by_flops}, some "
                "network with no more FLOPs is."
            )


def _is_beaten(network: StudyNetwork, others: Sequence[StudyNetwork], budget: str) -> bool:
    """Whether one of the others is more accurate at no higher cost."""
    accuracy = network.accuracy.mean or 0.0
    return any(
        getattr(other, budget) <= getattr(network, budget)
        and (other.accuracy.mean or 0.0) > accuracy
        for other in others
    )
