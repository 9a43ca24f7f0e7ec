"""The one module that imports torchvision.

torchvision's wheel is built for CUDA. Beside a CPU-only torch its extension cannot load, and its
import then fails with ``operator torchvision::nms does not exist``: it registers fake kernels for
operators that only the extension defines. This module therefore defines their schemas first, but
only if the extension cannot load; otherwise they would be defined twice. Nothing here uses the
operators themselves.
"""

from importlib.util import find_spec
from pathlib import Path

import torch


def _extension_loads() -> bool:
    spec = find_spec("torchvision")
    if spec is None or spec.origin is None:
        return False
    try:
        for path in Path(spec.origin).parent.glob("_C.*"):
            torch.ops.load_library(path)  # type: ignore[no-untyped-call]
            return True
    except OSError:
        return False
    return False


if not _extension_loads():
    # Schemas live only as long as the library object, so this module keeps it.
    _SCHEMAS = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for _operator in ("nms", "qnms"):
        _SCHEMAS.define(  # type: ignore[no-untyped-call]
            f"{_operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
        )

from torchvision import datasets, models  # noqa: E402
from torchvision.transforms import v2 as transforms  # noqa: E402

__all__ = ["datasets", "models", "transforms"]
