from typing import Final

import pytest

from tests.trainer.importing.equality import check, check_written
from trainer.importing import NotImportableError, from_module
from trainer.networks import valueless
from trainer.vision import models

NAMES: Final = [
    "resnet18", "resnet34", "resnet50", "resnext50_32x4d", "vgg16", "alexnet", "squeezenet1_1",
    "googlenet", "inception_v3", "densenet121", "mobilenet_v2", "mobilenet_v3_small",
    "efficientnet_b0", "mnasnet1_0", "shufflenet_v2_x1_0", "regnet_y_400mf", "convnext_tiny",
]  # fmt: skip
UNUSED: Final = {
    "googlenet": {"aux1": 3_188_968, "aux2": 3_191_016},
    "inception_v3": {"AuxLogits": 3_326_696},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_network_of_torchvision_counts_and_computes_as_its_module(name: str) -> None:
    fast = {"init_weights": False} if name in UNUSED else {}
    side = 299 if name == "inception_v3" else 224

    imported = check(models.get_model(name, weights=None, **fast), (3, side, side))

    assert imported.unused == UNUSED.get(name, {})
    check_written(imported, (3, side, side))


def test_a_transformer_is_refused_with_the_operation_and_its_line() -> None:
    transformer = valueless(models.vit_b_16())

    with pytest.raises(NotImportableError, match=r"aten\..*vision_transformer\.py.*line \d+"):
        from_module(transformer, (3, 224, 224))
