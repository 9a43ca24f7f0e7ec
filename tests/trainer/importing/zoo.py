"""The networks of torchvision that are imported in tests."""

from typing import Final

NAMES: Final = [
    "resnet18", "resnet34", "resnet50", "resnext50_32x4d", "vgg16", "alexnet", "squeezenet1_1",
    "googlenet", "inception_v3", "densenet121", "mobilenet_v2", "mobilenet_v3_small",
    "efficientnet_b0", "mnasnet1_0", "shufflenet_v2_x1_0", "regnet_y_400mf", "convnext_tiny",
]  # fmt: skip
UNUSED: Final = {
    "googlenet": {"aux1": 3_188_968, "aux2": 3_191_016},
    "inception_v3": {"AuxLogits": 3_326_696},
}
