"""Width groups of torchvision's networks: PyTorch counts what the polynomials say."""

import random
from typing import Final

import pytest
import torch

from solver.network.counting import count
from solver.variation.groups import WidthGroups
from tests.trainer.importing.zoo import NAMES, UNUSED
from trainer.importing import from_module
from trainer.networks import build, counts_of, valueless
from trainer.vision import models

GROUPED: Final = ("resnext50_32x4d", "regnet_y_400mf")
"""Networks of which the number of groups is kept, too."""


def check(groups: WidthGroups, draws: random.Random) -> None:
    params, macs, flops = groups.params(), groups.macs(), groups.flops()
    for _ in range(3):
        widths = {
            name: max(1, round(size * draws.uniform(0.5, 2)))
            for name, size in zip(groups.names, groups.sizes, strict=True)
        }
        made = groups.at(widths)
        with torch.device("meta"):
            module = build(made)
        assert (params.at(widths), macs.at(widths)) == counts_of(module, made)
        assert flops.at(widths) == count(made).flops


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_any_widths_of_a_network_of_torchvision_cost_what_pytorch_counts(name: str) -> None:
    fast = {"init_weights": False} if name in UNUSED else {}
    side = 299 if name == "inception_v3" else 224
    module = valueless(models.get_model(name, weights=None, **fast))
    architecture = from_module(module, (3, side, side))
    draws = random.Random(name)
    for resolution in (side, side + 16):
        check(WidthGroups.of(architecture, resolution=resolution), draws)
        check(WidthGroups.of(architecture, resolution=resolution, squeeze="ratio"), draws)
        if name in GROUPED:
            check(WidthGroups.of(architecture, resolution=resolution, grouped="number"), draws)
