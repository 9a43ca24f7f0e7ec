"""The table of layer types in docs/architectures.md is that of the code."""

import json
import re
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from pydantic_core import PydanticUndefined

from solver.network.layers import LAYERS, Layer, Weighted

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = (ROOT / "docs/architectures.md").read_text(encoding="utf-8")
COMMON: Final = {"name", "type", "inputs", "shares"}
"""Fields that are described once for all types."""
OURS: Final = "solver.network.layers."


class Row(NamedTuple):
    fields: str
    costs: dict[str, str]


def rows() -> dict[str, Row]:
    found = {}
    for line in PAGE.splitlines():
        if not line.startswith("| `"):
            continue
        types, fields, _, *costs = [cell.strip() for cell in line.strip("|").split("|")]
        for name in re.findall(r"`(\w+)`", types):
            assert name not in found
            found[name] = Row(fields, dict(zip(("params", "macs", "flops"), costs, strict=True)))
    return found


def shipped() -> dict[str, type[Layer]]:
    """Tests may have made up types of their own."""
    return {name: it for name, it in LAYERS.items() if it.__module__.startswith(OURS)}


def test_every_layer_type_is_in_the_table() -> None:
    assert rows().keys() == shipped().keys()


@pytest.mark.parametrize("name", sorted(shipped()))
def test_a_types_fields_and_defaults_are_those_of_its_class(name: str) -> None:
    told: dict[str, Any] = {}
    for field, default in re.findall(r"`(\w+)`(?: = ([^,]+))?", rows()[name].fields):
        told[field] = None if default == "kernel_size" else json.loads(default or '"needed"')

    fields = shipped()[name].model_fields
    assert told == {
        field: "needed" if it.default is PydanticUndefined else it.default
        for field, it in fields.items()
        if field not in COMMON
    }


@pytest.mark.parametrize("name", sorted(shipped()))
@pytest.mark.parametrize("cost", ["params", "macs", "flops"])
def test_a_type_that_is_said_to_cost_nothing_has_no_rule_for_that_cost(
    name: str, cost: str
) -> None:
    layer = shipped()[name]
    is_pool = layer.is_pool and cost == "flops"  # pools have one rule for all of them
    is_free = getattr(layer, cost) is getattr(Layer, cost) and not is_pool

    assert (rows()[name].costs[cost] == "0") == is_free


def test_what_has_parameters_can_share_them() -> None:
    learning = {name for name, row in rows().items() if row.costs["params"] != "0"}

    assert learning == {name for name, it in shipped().items() if issubclass(it, Weighted)}
