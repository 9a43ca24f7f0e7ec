import json
from typing import Any

import pytest

from app.shipped import example
from app.web.searching.draft import MOST_ROWS, Draft
from solver.network.architecture import Architecture
from solver.network.counting import count, describe, receptive_field


def digits(**changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = example("digits-architecture")
    return document | changes


def draft(document: Any) -> Draft:
    return Draft.of(json.dumps(document))


@pytest.mark.parametrize("name", ["digits-architecture", "digits-search", "resnet18"])
def test_a_valid_network_is_counted_layer_by_layer(name: str) -> None:
    document = example(name)
    architecture = Architecture.model_validate(document.get("architecture", document))

    found = draft(document)

    assert found.architecture == architecture
    assert found.counts == count(architecture)
    assert found.receptive_field == receptive_field(architecture)
    assert [row.report for row in found.rows] == describe(architecture)
    assert not any(row.faults for row in found.rows)


def test_a_fault_stands_at_its_layer_and_costs_are_known_before_it() -> None:
    document = digits()
    document["layers"][2]["kernel_size"] = 7

    found = draft(document)

    assert found.architecture is None
    assert found.rows[2].faults == [("kernel_size", "kernel 7 does not fit its 3×3 input")]
    assert found.rows[2].refused == {"kernel_size"}
    whole = describe(Architecture.model_validate(digits()))
    assert [row.report for row in found.rows] == [*whole[:2], *[None] * 7]


def test_costs_are_known_before_a_fault_in_a_network_with_branches() -> None:
    document = example("resnet18")
    last = len(document["layers"]) - 1
    document["layers"][last]["out_features"] = 0

    found = draft(document)

    whole = describe(Architecture.model_validate(example("resnet18")))
    assert [row.report for row in found.rows] == [*whole[:last], None]


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (digits(input={"channels": 1}), ("input", "resolution")),
        (digits(layers=[]), ("layers",)),
        (digits(layers=3), ("layers",)),
        (digits(name=""), ("name",)),
        ({}, ("input",)),
        (3, ()),
        (None, ()),
    ],
)
def test_a_fault_that_belongs_to_no_layer_is_told_with_its_place(
    document: Any, place: tuple[str, ...]
) -> None:
    assert place in [where for where, _ in draft(document).faults]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "this is not JSON: Expecting property name enclosed in double quotes at line 1"),
        ('{"name": "\\u0000"}', "NUL"),
        ('{"a": 1, "a": 2}', "twice"),
        ("[" * 100 + "]" * 100, "deep"),
        ("\ud800", "UTF-8"),
    ],
)
def test_a_text_that_cannot_be_read_is_refused_with_the_reason(text: str, reason: str) -> None:
    found = Draft.of(text)

    assert reason in found.faults[0][1]
    assert found.layers == 0


def test_an_empty_text_is_no_fault() -> None:
    assert Draft.of(" \n").faults == ()


def test_a_count_that_is_too_large_is_refused() -> None:
    linear = {"type": "linear", "out_features": 10_000_000}
    found = draft(
        {
            "input": {"channels": 1, "resolution": 1},
            "layers": [{"type": "flatten"}, *[linear] * 100],
        }
    )

    assert "exceeds" in found.faults[0][1]


def test_what_is_no_layer_has_a_row_with_its_fault() -> None:
    layers: list[Any] = [
        "conv2d",
        {"type": "Conv2d"},
        {"type": "linear", "units": 3},
        None,
        {"type": []},
    ]
    rows = draft(digits(layers=layers)).rows

    assert [bool(row.faults) for row in rows] == [True] * 5
    assert 'write {"type": "conv2d"}' in rows[0].faults[0][1]
    assert [(it.name, it.text) for it in rows[2].cells if it.name == "units"] == [("units", "3")]
    assert rows[4].kind == ""


def test_layers_beyond_the_most_that_are_listed_are_counted_and_their_faults_told() -> None:
    layers: list[dict[str, Any]] = [{"type": "relu"} for _ in range(MOST_ROWS + 2)]
    assert draft(digits(layers=layers)).counts
    layers[-1]["slope"] = 1

    found = draft(digits(layers=layers))

    assert len(found.rows) == MOST_ROWS
    assert found.layers == MOST_ROWS + 2
    assert [place for place, _ in found.faults] == [("layers", MOST_ROWS + 1, "slope")]


def test_cells_show_what_is_given_and_the_default_of_what_is_not() -> None:
    layer = {
        "type": "conv2d",
        "kernel_size": [3, 5],
        "bias": False,
        "padding": "same",
        "inputs": ["a", "b"],
    }
    cells = {it.name: it for it in draft(digits(layers=[layer])).rows[0].cells}

    texts = {name: it.text for name, it in cells.items() if it.text}
    assert texts == {"kernel_size": "[3, 5]", "bias": "false", "padding": "same", "inputs": "a, b"}
    assert cells["stride"].default == "1"
    assert cells["out_channels"].default == ""
    assert [name for name, it in cells.items() if it.is_flag] == ["bias"]
