"""Accuracies of several runs or networks, in short."""

from collections.abc import Sequence

import numpy as np

from app.schemas.results import Accuracy


def accuracy(values: Sequence[float]) -> Accuracy:
    """Mean and standard deviation of some accuracies."""
    return Accuracy(
        mean=float(np.mean(values)) if values else None,
        sd=float(np.std(values, ddof=1)) if len(values) > 1 else None,
        n=len(values),
    )
