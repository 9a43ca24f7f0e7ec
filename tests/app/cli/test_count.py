import json
from pathlib import Path
from typing import Any

import pytest

from app.schemas.architectures import ArchitectureView
from app.shipped import example
from solver.network.architecture import Architecture
from tests.app.cli.conftest import Isobudget

ARCHITECTURE = example("digits-architecture")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "network.json"
    path.write_text(json.dumps(ARCHITECTURE), encoding="utf-8")
    return path


def test_every_layer_and_the_totals_are_shown(isobudget: Isobudget, file: Path) -> None:
    result = isobudget("count", file)
    assert result.exit_code == 0
    for words in ("conv1", "16 × 3 × 3", "linear2", "1,728", "2,972", "4,124"):
        assert words in result.stdout


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("resnet18", ("layer4.1.conv2", "512 × 7 × 7", "11,689,512", "1,814,073,344")),
        ("vgg16", ("classifier.6", "138,357,544", "15,470,264,320")),
        ("alexnet", ("features.0", "61,100,840")),
        ("squeezenet1_1", ("features.12.concat", "1,235,496", "349,151,936")),
        ("pilotnet", ("pilotnet: 3 × 66 × 200", "24 × 31 × 98", "252,219", "112,512 elements")),
    ],
)
def test_the_networks_of_the_examples_are_counted(
    isobudget: Isobudget, tmp_path: Path, name: str, words: tuple[str, ...]
) -> None:
    path = tmp_path / "network.json"
    path.write_text(json.dumps(example(name)), encoding="utf-8")
    shown = isobudget("count", path).stdout
    for word in words:
        assert word in shown


def test_width_groups_are_shown(isobudget: Isobudget, tmp_path: Path) -> None:
    path = tmp_path / "network.json"
    path.write_text(json.dumps(example("resnet18")), encoding="utf-8")
    shown = isobudget("count", path, "--groups").stdout
    for words in ("layer1.1.conv2", "12 of 14 groups may change", "the network's output (fc)"):
        assert words in shown


def test_the_layers_of_width_groups_are_put_together_by_blocks(
    isobudget: Isobudget, tmp_path: Path
) -> None:
    path = tmp_path / "network.json"
    path.write_text(json.dumps(example("resnet18")), encoding="utf-8")
    lines = isobudget("count", path, "--groups", "--depth", 1).stdout.splitlines()
    (stem,) = [line.split() for line in lines if line.startswith("  conv1 ")]
    assert stem == ["conv1", "64", "1", "conv1,", "layer1"]


def test_a_network_without_width_groups_is_refused_with_the_layer(isobudget: Isobudget) -> None:
    body = {
        "input": {"channels": 1, "resolution": 5},
        "layers": [
            {"type": "conv2d", "name": "a", "out_channels": 3, "kernel_size": 1},
            {"type": "conv2d", "name": "b", "out_channels": 5, "kernel_size": 1},
            {"type": "concat", "inputs": ["a", "b"]},
            {"type": "conv2d", "name": "c", "out_channels": 4, "kernel_size": 1, "groups": 2},
        ],
    }
    result = isobudget("count", "-", "--groups", stdin=json.dumps(body))
    assert result.exit_code == 2
    assert "c: several layers make the 4 channels of one of its groups" in result.stderr


def test_json_is_what_the_api_answers(isobudget: Isobudget) -> None:
    result = isobudget("count", "-", "--json", stdin=json.dumps(ARCHITECTURE))
    counted = ArchitectureView.of(Architecture.model_validate(ARCHITECTURE))
    assert json.loads(result.stdout) == counted.model_dump(mode="json")


def test_the_architecture_of_a_search_is_counted(isobudget: Isobudget) -> None:
    request = json.dumps(example("digits-search"))
    assert "2,972" in isobudget("count", "-", stdin=request).stdout


def test_all_faults_are_listed_with_their_places(isobudget: Isobudget) -> None:
    layers = [{"type": "conv2d", "out_channels": 1, "kernel_size": 7}, {"type": "relu", "p": 1}]
    broken = {"input": {"channels": 1, "resolution": 5}, "layers": layers}
    result = isobudget("count", "-", stdin=json.dumps(broken))
    assert result.exit_code == 2
    assert "standard input: 2 faults" in result.stderr
    assert "layers/0/kernel_size: kernel 7 does not fit its 5×5 input" in result.stderr
    assert "layers/1/p: unknown key 'p'" in result.stderr


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "line 1, column 2: not JSON"),
        ("[" * 100_000, "objects and lists lie in each other more than 32 deep"),
        ("1" * 5_000, "a number in it has too many digits"),
        ('{"input": 1, "input": 2}', "input: this key stands twice in its object"),
        ("\ufeff{}", "it begins with a byte order mark"),
        ("[]", "standard input: 1 fault\n  expected an object with 'input' and 'layers'\n"),
    ],
)
def test_what_is_no_architecture_is_refused(isobudget: Isobudget, content: str, words: str) -> None:
    result = isobudget("count", "-", stdin=content)
    assert result.exit_code == 2
    assert words in result.stderr


@pytest.mark.parametrize("content", [{"k" * 100_000: 1}, {f"k{n}": 1 for n in range(50_000)}])
def test_what_is_said_stays_short_however_much_is_wrong(isobudget: Isobudget, content: Any) -> None:
    layers = [{"type": "relu", "stride": n, "padding": 1} for n in range(1_000)]
    image = {"channels": 1, "resolution": 8}
    for document in (content, {"input": image, "layers": layers}):
        result = isobudget("count", "-", stdin=json.dumps(document))
        assert result.exit_code == 2
        assert len(result.stderr) < 20_000


def test_a_file_that_is_not_there_is_named(isobudget: Isobudget, tmp_path: Path) -> None:
    result = isobudget("count", tmp_path / "none.json")
    assert result.exit_code == 2
    assert "none.json" in result.stderr
    assert "No such file" in result.stderr
    assert "isobudget import" not in result.stderr


def test_a_factory_is_to_be_imported_first(isobudget: Isobudget) -> None:
    result = isobudget("count", "network.py:make")
    assert result.exit_code == 2
    assert "a network of your own code is imported first, by isobudget import" in result.stderr


def test_a_network_too_large_to_count_is_refused(isobudget: Isobudget) -> None:
    huge = {"type": "linear", "out_features": 10_000_000}
    layers = [{"type": "flatten"}, huge, *[huge] * 200]
    broken = {"input": {"channels": 1, "resolution": 5}, "layers": layers}
    result = isobudget("count", "-", stdin=json.dumps(broken))
    assert result.exit_code == 2
    assert "2^53" in result.stderr


def test_layers_are_put_together_by_the_first_parts_of_their_names(
    isobudget: Isobudget, tmp_path: Path
) -> None:
    path = tmp_path / "network.json"
    path.write_text(json.dumps(example("resnet18")), encoding="utf-8")

    shown = isobudget("count", path, "--depth", 1).stdout

    assert "layer4.1.conv2" not in shown
    (stage,) = [line.split() for line in shown.splitlines() if line.lstrip().startswith("layer4")]
    assert stage[3:9] == ["512", "×", "7", "×", "7", "8,393,728"]
    for total in ("conv1", "11,689,512", "1,814,073,344"):
        assert total in shown
