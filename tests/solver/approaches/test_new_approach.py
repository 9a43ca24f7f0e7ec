"""An approach is one module and one line: nothing else is told of it."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow  # starts processes

MODULE = '''
from solver import approaches
from solver.approaches.base import Approach
from solver.constraints.maps import MapSizes, SameMap
from solver.variation.template import Template, convolutions
from solver.variation.unknown import N, window_of


class Padded(Approach):
    """The image grows, and conv1 strides over it: Find ``P1', S1'`` such that ``M1' = M1``."""

    name = "VI"
    unknowns = (N, *window_of("conv1", "1", "padding", "stride"))

    def lacks(self, architecture):
        return None if convolutions(architecture.layers) else "approach VI changes conv1"

    def _template(self, architecture):
        conv1 = convolutions(architecture.layers)[0]
        places, layers = {"conv1": conv1}, architecture.layers
        return Template(architecture, layers, architecture.links, self.unknowns, places, conv1)

    def requirements(self, template, problem):
        return [MapSizes(template), SameMap(template)]

    def printed_budgets(self, problem, template):
        return {}


approaches.APPROACHES["VI"] = Padded()
'''


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", MODULE + code], check=True, capture_output=True, text=True
    )
    return done.stdout


def test_it_can_be_asked_for_and_gives_the_variants_of_plain_loops() -> None:
    found = run("""
from solver import SolveRequest, count, solve

layers = [{"type": "conv2d", "out_channels": 4, "kernel_size": 3, "padding": 1}]
request = SolveRequest.model_validate({
    "architecture": {"input": {"channels": 1, "resolution": 8}, "layers": layers},
    "approach": "VI", "budget": "params", "ranges": {"resolution": [9, 20]},
})
answer = solve(request)
print(answer.symbols, *answer.rows, sep="\\n")
assert {variant.counts.params for variant in answer.variants()} == {40}
""").splitlines()
    expected = [
        (side, padding, stride)
        for side in range(9, 21)
        for padding in range(1, 6)
        for stride in range(1, 6)
        if (side + 2 * padding - 3) // stride + 1 == 8
    ]
    assert found == ["('N', 'P1', 'S1')", *map(str, expected)]
    assert expected


def test_the_command_line_offers_it_and_tells_what_its_ranges_are_about() -> None:
    text = run("""
import os

os.environ["COLUMNS"] = "200"
from app.cli import app

app(["solve", "--help"])
""")
    assert "I|II|III|IV|V|VI" in text
    assert "Of the first convolution (II, III, IV, VI); the second convolution (IV)." in text
