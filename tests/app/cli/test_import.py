import importlib.util
import json
from pathlib import Path

import pytest

from app.documents import document
from app.shipped import example
from solver.network.architecture import Architecture
from tests.app.cli.conftest import Isobudget

NETWORK = """
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        print("made")
        self.conv = nn.Conv2d(3, 4, 3)
        self.aux = nn.Linear(4, 5)
        self.fc = nn.Linear(4, 10)

    def forward(self, x):
        return self.fc(self.conv(x).mean((2, 3)))

class Sorted(Net):
    def forward(self, x):
        return super().forward(x.sort()[0])

def number():
    return 3
"""
SOLVED = ["--approach=II", "--budget=both", "--tolerance=0.02", "--resolution=225:226", "--json"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "network.py"
    path.write_text(NETWORK, encoding="utf-8")
    return path


def test_a_network_of_a_file_is_printed_as_an_architecture(
    isobudget: Isobudget, file: Path
) -> None:
    result = isobudget("import", f"{file}:Net", "--resolution", 8)

    assert result.exit_code == 0
    architecture = Architecture.model_validate(json.loads(result.stdout))
    names = [layer.name for layer in architecture.layers]
    assert names == ["conv", "pool1", "flatten1", "fc"]
    assert architecture.input.shape == (3, 8, 8)
    assert "left out: aux, whose 25 parameters feed no output" in result.stderr


def test_what_is_imported_can_be_counted(isobudget: Isobudget, file: Path, tmp_path: Path) -> None:
    output = tmp_path / "network.json"

    isobudget("import", f"{file}:Net", "--resolution", 8, "-o", output)

    assert "162" in isobudget("count", output).stdout


@pytest.mark.parametrize(
    ("factory", "options", "reason"),
    [
        ("Sorted", ["--resolution", 8], "aten.sort.default is not known"),
        ("Net", [], "say it with --resolution N"),
        ("Net", ["--resolution", 8, "--channels", 1], "cannot be traced for images of 1 × 8 × 8"),
        ("Other", ["--resolution", 8], "has no function or class Other"),
        ("number", ["--resolution", 8], "gives a int, no Module"),
    ],
)
def test_what_cannot_be_imported_is_refused_in_words(
    isobudget: Isobudget, file: Path, factory: str, options: list[object], reason: str
) -> None:
    result = isobudget("import", f"{file}:{factory}", *options)

    assert result.exit_code == 2
    assert reason in result.stderr


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("torchvision:resnet1", "torchvision has no model resnet1; do you mean resnet18?"),
        ("nowhere.py:net", "write torchvision:NAME, timm:NAME or FILE.py:FACTORY"),
    ],
)
def test_a_network_that_is_not_there_is_refused(
    isobudget: Isobudget, source: str, reason: str
) -> None:
    result = isobudget("import", source)

    assert result.exit_code == 2
    assert reason in result.stderr


def test_networks_of_torchvision_are_counted_by_their_names(isobudget: Isobudget) -> None:
    result = isobudget("count", "torchvision:squeezenet1_1", "--json")

    assert json.loads(result.stdout)["counts"]["params"] == 1_235_496


def test_without_pytorch_the_extra_is_named(
    isobudget: Isobudget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    result = isobudget("import", "torchvision:resnet18")

    assert result.exit_code == 1
    assert "importing needs PyTorch" in result.stderr
    assert "isobudget[trainer]" in result.stderr


@pytest.mark.parametrize("name", ["resnet18", "pilotnet", "digits-architecture"])
def test_a_document_reads_as_the_same_architecture(name: str) -> None:
    architecture = Architecture.model_validate(example(name))

    read = Architecture.model_validate_json(document(architecture))

    assert read == architecture


def test_networks_of_torchvision_are_solved_for_by_their_names(isobudget: Isobudget) -> None:
    asked = ["--approach", "II", "--budget", "both", "--tolerance", "0.02", "--json"]

    result = isobudget("solve", "torchvision:squeezenet1_1", *asked, "--resolution", "225:226")

    answer = json.loads(result.stdout)
    assert answer["original"]["counts"]["params"] == 1_235_496
    assert answer["found"] > 0


def test_a_file_may_import_its_neighbours(isobudget: Isobudget, file: Path) -> None:
    other = file.with_name("other.py")
    other.write_text("from network import Net\nmake = lambda: Net()\n", encoding="utf-8")

    result = isobudget("import", f"{other}:make", "--resolution", 8)

    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["layers"][0]["out_channels"] == 4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "options", "words"),
    [
        ("import", [], '"name": "lcnet_050"'),
        ("count", ["--json"], '"params": 1880856'),
        ("export", ["--format", "py"], "class Variant"),
        ("solve", SOLVED, '"found": '),
    ],
    ids=["import", "count", "export", "solve"],
)
def test_networks_of_timm_are_taken_by_their_names(
    isobudget: Isobudget, command: str, options: list[str], words: str
) -> None:
    if importlib.util.find_spec("timm") is None:
        pytest.skip("timm is not installed")

    result = isobudget(command, "timm:lcnet_050", *options)

    assert result.exit_code == 0, result.stderr
    assert words in result.stdout
