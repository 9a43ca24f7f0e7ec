import torch

from trainer.vision import datasets, transforms


def test_torchvision_imports_whether_or_not_its_extension_loads() -> None:
    assert datasets.MNIST.__module__.startswith("torchvision")
    assert transforms.functional.resize(torch.zeros(1, 4, 4), [2, 2]).shape == (1, 2, 2)
