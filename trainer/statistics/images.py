"""The part of a gain's variance that stems from the choice of the test images.

I images, S runs of one network.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.experiments.inference import Part

NONE: Final = Part(0.0, 1.0)

Tested = tuple[bytes, float]
"""A run's correctness by image, as ``numpy.packbits`` packs it, and its accuracy."""


@dataclass(frozen=True)
class Profile:
    """How one network does image by image.

    Attributes
    ----------
    mean_I
        The share of its runs that classify an image correctly.
    noise
        The variance of these shares that stems from the runs: the mean over images.
    """

    mean_I: NDArray[np.float64]  # noqa: N815 - named by shape
    noise: float


def profile(runs: Sequence[Tested]) -> Profile | None:
    """The profile of a network with two or more runs; ``None`` where images are not known."""
    correct_SI = correctness(runs)
    if correct_SI is None:
        return None
    noise = float(correct_SI.var(axis=0, ddof=1).mean()) / len(runs)
    return Profile(correct_SI.mean(axis=0), noise)


def correctness(runs: Sequence[Tested]) -> NDArray[np.bool_] | None:
    """Whether each run classified each image correctly; ``None`` where that is not known.

    Returns
    -------
        A row for each run and a column for each image.
    """
    found = [_correctness(packed, accuracy) for packed, accuracy in runs]
    known = [row for row in found if row is not None]
    if len(known) < len(found) or len({len(row) for row in known}) != 1:
        return None
    return np.stack(known)


def _correctness(packed: bytes, accuracy: float) -> NDArray[np.bool_] | None:
    """Whether each image was classified correctly; ``None`` if that is not known.

    The stored bits do not say how many images there are, so it follows from the accuracy.
    """
    bits = np.unpackbits(np.frombuffer(packed, np.uint8))
    right = np.count_nonzero(bits)
    if not right or not accuracy:
        return None
    images = round(right / accuracy)
    is_theirs = len(bits) - 8 < images <= len(bits)
    return bits[:images].view(bool) if is_theirs else None


def image_noise(ours: Iterable[Profile | None], theirs: Profile | None, *, are_drawn: bool) -> Part:
    """The variance that other test images would bring to the gain of a mean over networks.

    All networks saw the same images, so the difference is taken image by image. Runs differ from
    image to image, too. The spread of the seeds contains that already, so it is taken off here.
    Networks that are drawn are to their mean what runs are to a network.

    Parameters
    ----------
    ours, theirs
        The networks whose mean is compared, and the one that it is compared with. If one is not
        known, there is no such part.
    """
    if theirs is None:
        return NONE
    images, networks = len(theirs.mean_I), 0
    sum_I, squares_I, noise = np.zeros(images), np.zeros(images), 0.0
    for network in ours:
        if network is None or len(network.mean_I) != images:
            return NONE
        networks += 1
        sum_I += network.mean_I
        squares_I += network.mean_I**2
        noise += network.noise
    mean_I = sum_I / networks
    if are_drawn:
        own = float((squares_I / networks - mean_I**2).mean()) / (networks - 1)
    else:
        own = noise / networks**2
    between_images = float((mean_I - theirs.mean_I).var(ddof=1)) - own - theirs.noise
    return Part(max(0.0, between_images) / images, images - 1)
