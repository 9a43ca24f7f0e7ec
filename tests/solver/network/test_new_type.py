"""Adding a layer type is one class: these are made up, and everything in the solver knows them.

That it is built and trained as well takes a line in the trainer: see ``tests/trainer``.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import pytest
from pydantic import ValidationError

from solver.answers.search import solve
from solver.answers.variants import Describer
from solver.approaches import APPROACHES
from solver.network import counting
from solver.network.architecture import Architecture
from solver.network.layers import LAYERS, Number, Pool2d, Shape, Weighted, elements
from solver.network.schema import Fault, Positive
from tests import exhaustive
from tests.exhaustive import Asked, networks
from tests.solver.factories import (
    ALL,
    FLATTEN,
    RELU,
    asked_of,
    by_full_model,
    by_tables,
    conv,
    linear,
    network,
)


class Square(Weighted):
    """``a·x²``, with a learned factor a channel, for some channels at once."""

    type: Literal["square"] = "square"
    every: Positive = 1

    takes = "maps"

    def misfits(self, inputs: Sequence[Shape]) -> Iterator[Fault]:
        """Factors are shared by as many channels each."""
        if inputs[0][0] % self.every:
            yield ("every",), f"{self.every} does not divide {inputs[0][0]} channels"

    def params(self, inputs: Sequence[Shape]) -> Number:
        """A factor for each."""
        return inputs[0][0] // self.every

    def flops(self, inputs: Sequence[Shape], output: Shape, params: Number) -> Number:
        """A multiplication an element."""
        return elements(output)


class BlurPool2d(Pool2d):
    """A pool that weighs the pixels of its window; it learns one number."""

    type: Literal["blur_pool2d"] = "blur_pool2d"

    def params(self, inputs: Sequence[Shape]) -> Number:
        """How wide it blurs."""
        return 1


@pytest.fixture(autouse=True)
def _known_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The types are known in these tests only."""
    monkeypatch.setitem(LAYERS, "square", Square)
    monkeypatch.setitem(LAYERS, "blur_pool2d", BlurPool2d)


for _made_up in ("square", "blur_pool2d"):
    del LAYERS[_made_up]

BLUR = {"type": "blur_pool2d", "kernel_size": 2, "stride": 1}
SMALL = {
    "resolution": (8, 10), "kernel_size": (2, 3), "stride": (1, 2), "padding": (0, 1),
    "dilation": (1, 3), "pool_kernel_size": (2, 3), "pool_stride": (1, 2), "pool_padding": (0, 1),
}  # fmt: skip


def example() -> Architecture:
    return network(
        {"type": "square"}, conv(6, 2), {"type": "square", "name": "squared"}, BLUR,
        {"type": "add", "inputs": ["pool1", "pool1"]}, conv(4, 2), RELU, FLATTEN, linear(5), RELU,
        linear(3), channels=2, resolution=7,
    )  # fmt: skip


def test_a_made_up_type_is_read_from_json_and_its_rules_are_told() -> None:
    assert isinstance(example().layers[0], Square)
    again = Architecture.model_validate_json(example().model_dump_json())
    assert (again, again.id) == (example(), example().id)
    with pytest.raises(ValidationError) as caught:
        network({"type": "square", "every": 2, "colour": 1}, {"type": "square", "every": 2})
    found = {error["loc"]: error["msg"] for error in caught.value.errors()}
    known = "name, type, inputs, shares and every"
    assert found == {("layers", 0, "colour"): f"unknown key 'colour'; known are {known}"}
    with pytest.raises(ValidationError, match="2 does not divide 1 channels"):
        network({"type": "square", "every": 2})
    with pytest.raises(ValidationError, match="does not fit its 1×1 input"):
        network(BLUR, resolution=1)


def test_a_made_up_type_is_named_and_counted() -> None:
    rows = {row.name: row for row in counting.describe(example())}
    assert [*rows][:4] == ["square1", "conv1", "squared", "pool1"]
    assert rows["square1"].params == 2
    assert rows["square1"].flops == 2 * 7 * 7
    assert (rows["squared"].params, rows["squared"].flops) == (6, 6 * 6 * 6)
    assert (rows["pool1"].params, rows["pool1"].output) == (1, [6, 5, 5])
    assert rows["pool1"].receptive_field == 3


@pytest.mark.parametrize("approach", ["I", "II", "III", "IV"])
@pytest.mark.parametrize("budget", ["params", "flops", "both"])
def test_a_made_up_type_is_solved_around(
    approach: str, budget: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    teach(monkeypatch)
    asked = Asked(example(), budget, "network", "0.9", "0.9", SMALL, approach=approach)
    assert APPROACHES[approach].misfit(example()) is None
    problem = asked_of(asked)
    expected = sorted(exhaustive.rows(asked))
    answer = solve(problem, ALL)
    assert answer.rows == expected == by_tables(problem) == by_full_model(problem)
    assert expected
    for assignment in answer.assignments()[::50]:
        variant = Describer(problem).variant(assignment)
        assert variant.counts == counting.count(variant.architecture)


def teach(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell the plain walk what the types cost and make."""
    price, kinds = networks.price, (*networks.WINDOWS, "blur_pool2d")

    def known(layer: Any, read: Shape, made: Shape, count_pooling: bool) -> tuple[int, int]:
        if layer["type"] == "square":
            return read[0] // layer["every"], made[0] * made[1] * made[2]
        params, flops = price(layer, read, made, count_pooling)
        return params + (layer["type"] == "blur_pool2d"), flops

    monkeypatch.setattr(networks, "price", known)
    monkeypatch.setattr(networks, "WINDOWS", kinds)


def test_a_made_up_type_is_unknown_where_it_was_not_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(LAYERS, "square")
    with pytest.raises(ValidationError, match="there is no such layer type"):
        network({"type": "square"})
