"""Which images are trained on: draws are stratified by class, and always the same."""

from typing import Final

import numpy as np
import torch
from sklearn.model_selection import train_test_split
from torch import Tensor

SPLIT_VERSION: Final = 1
"""Changes when the same labels are split another way."""
_SEED: Final = 0


def held_out(labels_N: Tensor, number: int) -> tuple[Tensor, Tensor]:
    """Return positions of the images that stay, and of the ``number`` that are held out."""
    kept, held = train_test_split(
        np.arange(len(labels_N)),
        test_size=number,
        stratify=labels_N.numpy(),
        random_state=_SEED,
    )
    return torch.as_tensor(kept), torch.as_tensor(held)


def validation_size(training: int) -> int:
    """Return how many training images validate: 5,000 or a tenth, whichever is fewer."""
    return min(5_000, training // 10)


def batch_sizes(images: int, batch_size: int) -> list[int]:
    """Return the sizes of an epoch's batches; a single image left over joins the batch before it.

    Alone, such an image could not be trained on if a batch norm sees maps of one pixel.
    """
    whole, rest = divmod(images, batch_size)
    sizes = [batch_size] * whole
    if rest == 1 and sizes:
        sizes[-1] += 1
    elif rest:
        sizes.append(rest)
    return sizes


def subset(labels_N: Tensor, number: int) -> Tensor:
    """Return positions of ``number`` images, each class by its share; smaller subsets are nested.

    All images are ordered so that each class is spread evenly; the subset is the beginning.
    """
    random = np.random.RandomState(_SEED)  # NumPy never changes its stream
    labels = labels_N.numpy()
    order = np.empty(len(labels))
    for label in np.unique(labels):
        of_class = random.permutation(np.flatnonzero(labels == label))
        order[of_class] = (np.arange(len(of_class)) + 0.5) / len(of_class)
    return torch.as_tensor(np.sort(np.argsort(order, kind="stable")[:number]))
