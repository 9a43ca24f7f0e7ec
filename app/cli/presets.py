"""The studies behind the paper's figures, in three sizes."""

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

from app.experiments.catalogue import DATASETS

FigureName: TypeAlias = Literal["fig1", "fig3", "fig4"]
DatasetName: TypeAlias = Literal["digits", "mnist", "fashion_mnist", "cifar10"]
Scale: TypeAlias = Literal["smoke", "small", "paper"]

SIZES: Final[Mapping[Scale, Mapping[str, Any]]] = {
    "smoke": {"originals": 3, "variants": 2, "seeds": 2, "training_images": 1_000},
    "small": {
        "originals": 9,
        "variants": 4,
        "seeds": 3,
        "training_images": 5_000,
        "recipe": {"name": "fast"},
    },
    "paper": {"originals": 10, "variants": 4, "seeds": 3},
}
"""How much is trained; what is left out is as in the paper.

Digits have fewer images than these. On MNIST the recipe ``fast`` ends where the paper's does
(docs/training.md).
"""

_APPROACHES: Final[Mapping[Scale, tuple[str, ...]]] = {
    "smoke": ("III", "IV"),
    "small": ("II", "III", "IV"),
    "paper": ("I", "II", "III", "IV"),
}
_SIDES: Final[Mapping[Scale, tuple[int, ...]]] = {
    "smoke": (12,),
    "small": (12, 16, 20),
    "paper": (12, 16, 20, 24),
}
_SIDES_OF_DIGITS: Final[Mapping[Scale, tuple[int, ...]]] = {
    "smoke": (5,),
    "small": (4, 5, 6),
    "paper": (4, 5, 6),
}
_GRID_OF_DIGITS: Final = {
    "kernel_size": (2, 3),
    "out_channels": (4, 8, 12),
    "padding": (0, 1),
}
"""Smaller than the default grid: digits have 8 px."""

_POOLED: Final[Mapping[DatasetName, tuple[int, tuple[int, ...], tuple[int, ...]]]] = {
    "digits": (10, (4, 6, 8), (2, 3)),
    "mnist": (10, (7, 14, 28), (2, 3, 5)),
    "fashion_mnist": (10, (7, 14, 28), (2, 3, 5)),
    "cifar10": (30, (8, 16, 32), (3, 5, 7)),
}
"""Fig. 1: filters of each convolution, image sizes, kernel sizes."""


def study_of(figure: FigureName, dataset: DatasetName, scale: Scale) -> dict[str, Any]:
    """The request of a study. Figs. 3 and 4 show the same one."""
    if figure == "fig1":
        return _capacity(dataset, scale)
    return _gains(dataset, scale)


def _capacity(dataset: DatasetName, scale: Scale) -> dict[str, Any]:
    """Fig. 1: all networks of a grid, each for itself."""
    filters, sides, kernels = _POOLED[dataset]
    size = {name: value for name, value in _size(dataset, scale).items() if name != "variants"}
    return size | {
        "dataset": dataset,
        "resolutions": sides,
        "approaches": (),
        "originals": "all",
        "controls": (),
        "architecture": _pooled(dataset, filters, min(kernels)),
        "grid": {"kernel_size": kernels, "pool_kernel_size": (1, 2)},
    }


def _pooled(dataset: DatasetName, filters: int, kernel: int) -> dict[str, Any]:
    """conv → pool → conv → pool → fc → fc, with the dropout of the author's recipe."""
    data = DATASETS[dataset]
    convolution = {
        "type": "conv2d",
        "out_channels": filters,
        "kernel_size": kernel,
        "bias": False,
    }
    block = [convolution, {"type": "max_pool2d", "kernel_size": 2}]
    return {
        "input": {"channels": data.channels, "resolution": data.resolution},
        "layers": [
            *block,
            {"type": "relu"},
            *block,
            {"type": "dropout2d"},
            {"type": "relu"},
            {"type": "flatten"},
            {"type": "linear", "out_features": 50},
            {"type": "relu"},
            {"type": "dropout"},
            {"type": "linear", "out_features": data.classes},
        ],
    }


def _gains(dataset: DatasetName, scale: Scale) -> dict[str, Any]:
    """Figs. 3 and 4: equal-budget variants of originals that are drawn from a grid."""
    is_tiny = dataset == "digits"
    sides = (_SIDES_OF_DIGITS if is_tiny else _SIDES)[scale]
    grid = {"grid": _GRID_OF_DIGITS} if is_tiny else {}
    return (
        _size(dataset, scale)
        | grid
        | {
            "dataset": dataset,
            "resolutions": sides,
            "approaches": _APPROACHES[scale],
            "controls": ("upsampled", "retrained", "same_resolution"),
            "primary": {"approach": "IV", "resolution": sides[0]},
        }
    )


def _size(dataset: DatasetName, scale: Scale) -> dict[str, Any]:
    """How much is trained: on digits all images and the paper's recipe, for they are few."""
    size = SIZES[scale]
    if dataset != "digits":
        return dict(size)
    return {name: size[name] for name in size if name not in ("training_images", "recipe")}
