"""The network that docs/model.md works out by hand."""

from typing import Final

from tests.solver.factories import FLATTEN, GLOBAL_POOL, RELU, conv, linear, network

ORIGINAL: Final = network(
    conv(6, 3, padding=1), RELU, conv(17, 3, stride=2, padding=1), RELU, conv(40, 1, stride=2),
    GLOBAL_POOL, FLATTEN, linear(10, bias=True),
    resolution=16,
)  # fmt: skip
PARAMS, MACS = 2_062, 83_856
