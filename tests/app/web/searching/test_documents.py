import json

import pytest

from app.shipped import example, names
from app.web.searching.documents import document_of, examples, network_in, written
from solver.network.architecture import Architecture

NAMES = [it.name for it in examples()]


def test_a_search_can_start_from_every_shipped_file_with_a_network() -> None:
    with_network = [name for name in names() if "layers" in network_in(example(name))]

    assert with_network == NAMES
    assert "digits-job" not in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_network_that_is_written_and_read_again_is_the_same(name: str) -> None:
    architecture = Architecture.model_validate(network_in(example(name)))

    text = written(document_of(architecture))

    assert Architecture.model_validate_json(text) == architecture
    assert text.count("\n") == len(architecture.layers) + 6 - (architecture.description is None)


def test_what_is_left_to_the_defaults_is_not_written() -> None:
    document = document_of(Architecture.model_validate(example("digits-architecture")))

    assert document["layers"][0] == {
        "name": "conv1",
        "type": "conv2d",
        "out_channels": 16,
        "kernel_size": 3,
        "bias": False,
    }


@pytest.mark.parametrize("document", [None, [], 3, {"layers": 3}, {"layers": "x"}])
def test_a_document_that_is_no_network_is_written_as_it_is(document: object) -> None:
    assert json.loads(written(document)) == document
