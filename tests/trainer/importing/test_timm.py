from typing import Final

import pytest

import trainer.vision  # noqa: F401 # timm imports torchvision, which loads behind it
from tests.trainer.importing.equality import check

timm = pytest.importorskip("timm", reason="timm is not installed")

NAMES: Final = [
    "resnet10t", "resnet26d", "seresnet18", "resnext26ts", "mobilenetv3_large_100",
    "efficientnet_b0", "mixnet_s", "ghostnet_100", "regnetx_002", "regnety_002", "densenet121",
    "convnext_atto", "dla34", "cspresnet50", "darknet53", "cspdarknet53", "res2net50_26w_4s",
    "inception_v4", "xception41", "gernet_s", "repvgg_a0", "mobileone_s0", "hardcorenas_a",
    "fbnetc_100", "spnasnet_100", "mnasnet_100", "mobilenetv2_100", "vovnet39a", "semnasnet_075",
    "ese_vovnet19b_dw", "legacy_seresnet18", "selecsls42b", "tf_efficientnet_lite0", "lcnet_050",
    "tinynet_e",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_convolutional_network_of_timm_counts_and_computes_as_its_module(name: str) -> None:
    module = timm.create_model(name)

    config = timm.get_pretrained_cfg(name)
    assert config is not None
    check(module, config.input_size)
