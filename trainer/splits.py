"""Which images are trained on: drawn stratified by class, the same each time."""

from typing import Final

import numpy as np
import torch
from sklearn.model_selection import train_test_split
from torch import Tensor

SPLIT_VERSION: Final = 1
"""Changes when the same labels are split another way."""
_SEED: Final = 0


def held_out(labels_N: Tensor, number: int) -> tuple[Tensor, Tensor]:
    """Positions of the images that stay, and of so many that are held out."""
    kept, held = train_test_split(
        np.arange(len(labels_N)),
        test_size=number,
        stratify=labels_N.numpy(),
        random_state=_SEED,
    )
    return torch.as_tensor(kept), torch.as_tensor(held)


def validation_size(training: int) -> int:
    """How many of so many training images validate: 5,000 or a tenth, whichever is fewer."""
    return min(5_000, training // 10)


def batch_sizes(images: int, batch_size: int) -> list[int]:
    """Sizes of an epoch's batches; a single image that is left over joins the batch before it.

    Alone, it could not be trained on where a batch norm sees maps of one pixel.
    """
    whole, rest = divmod(images, batch_size)
    sizes = [batch_size] * whole
    if rest == 1 and sizes:
        sizes[-1] += 1
    elif rest:
        sizes.append(rest)
    return sizes


def subset(labels_N: Tensor, number: int) -> Tensor:
    """Positions of so many images, of each class its share; fewer are a part of more.

    Each class is spread evenly over an order of all images, of which this is the beginning.
    """
    random = np.random.RandomState(_SEED)  # whose stream NumPy never changes
    labels = labels_N.numpy()
    order = np.empty(len(labels))
    for label in np.unique(labels):
        of_class = random.permutation(np.flatnonzero(labels == label))
        order[of_class] = (np.arange(len(of_class)) + 0.5) / len(of_class)
    return torch.as_tensor(np.sort(np.argsort(order, kind="stable")[:number]))
