from collections.abc import Callable

import pytest
from torch import nn

from tests.trainer.importing import tutorials
from tests.trainer.importing.equality import check, check_written


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (tutorials.MnistExample, (1, 28, 28)),
        (tutorials.MnistHogwild, (1, 28, 28)),
        (tutorials.MnistOfNnTutorial, (1, 28, 28)),
        (tutorials.LeNet, (1, 32, 32)),
        (tutorials.FashionQuickstart, (1, 28, 28)),
        (lambda: tutorials.SmallImages(3, 5), (3, 32, 32)),
        (lambda: tutorials.SmallImages(1, 4), (1, 28, 28)),
    ],
    ids=["mnist", "hogwild", "nn", "lenet", "fashion", "cifar10", "garments"],
)
def test_a_network_of_pytorchs_own_pages_is_imported_as_it_is(
    module: Callable[[], nn.Module], shape: tuple[int, int, int]
) -> None:
    imported = check(module(), shape)

    check_written(imported, shape)


def test_layers_have_the_names_of_their_modules() -> None:
    imported = check(tutorials.MnistExample(), (1, 28, 28))

    assert [layer.name for layer in imported.architecture.layers] == [
        "conv1", "relu1", "conv2", "relu2", "pool1", "dropout1", "flatten1", "fc1", "relu3",
        "dropout2", "fc2", "log_softmax1",
    ]  # fmt: skip
