"""A layer type is one class for the solver, a line for the trainer and one for ``model.py``."""

import inspect
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import pytest
import torch
from torch import Tensor, nn

from app.experiments.recipes import Recipe
from solver.answers.search import solve
from solver.answers.variants import Describer
from solver.network.architecture import Architecture
from solver.network.counting import count
from solver.network.layers import LAYERS, Layer, Number, Shape
from solver.problem import SolveRequest
from solver.source import source
from solver.source.rules import HELPERS, RULES, Argument, Module, Rule
from tests import sources
from tests.trainer.factories import images
from trainer.images import fitted
from trainer.networks import BUILDERS, build, check_counts
from trainer.train import Training, train


class Bend(nn.Module):
    """A parabola a channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, images_BCHW: Tensor) -> Tensor:
        return images_BCHW + self.weight * images_BCHW.square() + self.bias


@pytest.fixture
def _bend() -> Iterator[None]:
    """A layer type ``bend``, which is there for one test only."""

    class BendLayer(Layer):
        type: Literal["bend"] = "bend"

        takes = "maps"

        def params(self, inputs: Sequence[Shape]) -> Number:
            return inputs[0][0] * 2

    BUILDERS[BendLayer] = lambda _, read: Bend(read[0][0])
    RULES[BendLayer] = Rule(lambda _, read: Module("Bend", [Argument("channels", read[0][0])]))
    HELPERS["Bend"] = inspect.getsource(Bend)
    yield
    del BUILDERS[BendLayer], RULES[BendLayer], HELPERS["Bend"]
    del LAYERS["bend"]


def network(classes: int = 10) -> dict[str, Any]:
    return {
        "input": {"channels": 1, "resolution": 6},
        "layers": [
            {"type": "conv2d", "out_channels": 8, "kernel_size": 3, "bias": False},
            {"type": "bend"},
            {"type": "max_pool2d", "kernel_size": 2},
            {"type": "flatten"},
            {"type": "linear", "out_features": classes},
        ],
    }


@pytest.mark.usefixtures("_bend")
def test_a_made_up_layer_type_is_counted_solved_built_trained_and_written() -> None:
    original = Architecture.model_validate(network())
    counts = count(original)
    assert counts.params == 8 * 9 + 2 * 8 + 8 * 4 * 10 + 10
    check_counts(build(original), original, counts)
    asked = {"approach": "III", "budget": "params", "ranges": {"resolution": [7, 8]}}
    request = SolveRequest.model_validate({"architecture": network(), **asked, "tolerance": 0.02})

    answer = solve(request.problem, request.settings)

    assert answer.found > 0
    describer = Describer(request.problem)
    for assignment in answer.assignments()[:3]:
        variant = describer.variant(assignment)
        data = fitted(images(), variant.architecture)
        check_counts(build(variant.architecture), variant.architecture, variant.counts)
        training = Training(
            variant.architecture, data, Recipe(), seeds=[0, 1], device=torch.device("cpu")
        )
        before = training.groups[0].parameters.vector.clone()
        train(training, 1, lambda _: None)
        assert not torch.equal(training.groups[0].parameters.vector, before)
        sources.run(source(variant.architecture), "__main__")
