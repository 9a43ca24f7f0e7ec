"""docs/model.md counts the README's residual network and ResNet-50's peak by hand, and solves a
network in which a depthwise convolution and an addition belong to conv1's group.
"""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from solver.answers.search import solve
from solver.approaches import APPROACHES
from solver.network.architecture import Architecture
from solver.network.counting import Counts, count
from tests.solver.factories import ALL, FLATTEN, GLOBAL_POOL, RELU, conv, network, pool, problem

ROOT: Final = Path(__file__).parents[3]
MODEL: Final = (ROOT / "docs/model.md").read_text(encoding="utf-8")
DEPTHWISE: Final = network(
    conv(5, 3, padding=1), RELU, conv(5, 3, padding=1, groups=5),
    {"type": "add", "inputs": ["relu1", "conv2"]},
    conv(10, 1), GLOBAL_POOL, FLATTEN,
    resolution=6,
)  # fmt: skip
WORKED: Final = {"N": 8, "K1": 4, "C1": 4, "P1": 1, "S1": 1, "Cp": 2, "Pp": 0, "Sp": 1}


def tiny_resnet() -> Architecture:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = map(json.loads, re.findall(r"```json\n(.*?)```", readme, flags=re.DOTALL))
    return Architecture.model_validate(next(it for it in blocks if "layers" in it))


def test_the_readmes_residual_network_counts_as_worked_out_by_hand() -> None:
    params = 16 * 27 + 2 * 16 + 16 * 9 * 16 + 2 * 16 + (16 * 10 + 10)
    macs = 32**2 * (16 * 27 + 16 * 9 * 16) + 160
    flops = macs + 32**2 * 16 + 10
    assert (params, macs, flops, 2 * 16 * 32**2) == (2_970, 2_801_824, 2_818_218, 32_768)
    assert count(tiny_resnet()) == Counts(
        params=params, macs=macs, flops=flops, activations=2 * 16 * 32**2
    )
    for number in (params, macs, flops, 2 * 16 * 32**2):
        assert f"{number:,}" in MODEL


@pytest.mark.parametrize("approach", ["III", "IV"])
def test_the_refusals_that_the_documentation_quotes_are_those_of_the_readmes_network(
    approach: str,
) -> None:
    misfit = APPROACHES[approach].misfit(tiny_resnet())

    assert misfit is not None
    assert f'"{misfit[1]}"' in MODEL


def test_the_readmes_network_has_variants_by_approach_two() -> None:
    assert APPROACHES["II"].misfit(tiny_resnet()) is None


def test_the_peak_of_resnet_50_is_the_end_of_its_first_block() -> None:
    layers: list[dict[str, Any]] = [
        conv(64, 7, stride=2, padding=3), RELU, pool(3, stride=2, padding=1),
        conv(64, 1), RELU, conv(64, 3, padding=1), RELU, conv(256, 1),
        conv(256, 1, inputs=["pool1"]), {"type": "add", "inputs": ["conv4", "conv5"]}, RELU,
    ]  # fmt: skip
    stem = network(*layers, resolution=224, channels=3)

    assert count(stem).activations == 56**2 * (64 + 256 + 256) == 1_806_336


def test_a_depthwise_convolution_and_an_addition_follow_the_first_width() -> None:
    answer = solve(problem(DEPTHWISE, approach="III"), ALL)

    assert count(DEPTHWISE) == Counts(params=140, macs=5_040, flops=5_400, activations=540)
    assert {(row["K1"], row["C1"]) for row in answer.assignments()} == {(4, 4)}
    assert answer.found == 393
    assert WORKED in answer.assignments()


def test_the_variant_with_a_narrower_group_counts_as_worked_out_by_hand() -> None:
    template = problem(DEPTHWISE, approach="III").template
    variant = Architecture.model_validate(template.architecture(WORKED).model_dump())

    assert count(variant) == Counts(params=140, macs=5_872, flops=6_428, activations=504)
    assert 4 * (49 * 16 + 49 + 684) + 360 == 6_428


def test_its_polynomials_are_those_of_the_documentation() -> None:
    symbols = problem(DEPTHWISE, approach="III").template.symbols
    weight, rest = symbols.params.collect("K1")
    assert (weight.terms, rest.terms) == ({("C1", "C1"): 1, (): 9 + 10}, {})
    weight, rest = symbols.flops(count_pooling=True).collect("K1")
    side = "side1"
    assert weight.terms == {
        ("C1", "C1", side, side): 1,
        (side, side): 1,
        (): 36 * (9 + 10),
    }
    assert rest.terms == {(): 36 * 10}


def test_a_kernel_that_may_stay_adds_the_pool_behind_an_unchanged_layer() -> None:
    answer = solve(problem(DEPTHWISE, approach="III", kernel_grows=False), ALL)

    assert {(row["K1"], row["C1"]) for row in answer.assignments()} == {(4, 4), (5, 3)}
    assert answer.found == 835
