import pytest

from tests.trainer.importing.equality import check, check_written
from tests.trainer.importing.zoo import NAMES, UNUSED
from trainer.importing import NotImportableError, from_module
from trainer.networks import valueless
from trainer.vision import models


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
