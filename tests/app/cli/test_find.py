"""``isobudget find``, as a user runs it: a real API, real workers, real images."""

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from app.cli.processes import Children
from app.shipped import example
from tests.app.cli.conftest import Isobudget

pytestmark = pytest.mark.slow

ARCHITECTURE = json.dumps(example("digits-architecture"))
PARAMS, FLOPS, BYTES = 2972, 4124, 4 * 169
SMALL = ("--seeds", "2", "--epochs", "2", "--processes", "1", "--time-limit", "60")


@pytest.fixture
def find(isobudget: Isobudget, tmp_path: Path) -> Any:
    """Look for networks of up to 8 px for digits."""

    def run(*options: str, stdin: str = ARCHITECTURE) -> Any:
        asked = ("--dataset", "digits", "--max-resolution", "8", "--output", tmp_path)
        return isobudget("find", "-", *asked, *options, stdin=stdin)

    return run


@pytest.fixture
def no_children(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process may be started."""
    monkeypatch.setattr(Children, "start", None)


def parameters_of(model: Path) -> int:
    """The parameters of the network that a ``model.py`` defines."""
    network = runpy.run_path(str(model))["Variant"]()
    return sum(parameter.numel() for parameter in network.parameters())


def test_the_best_network_within_the_bounds_is_found(find: Any, tmp_path: Path) -> None:
    result = find(*SMALL, "--candidates", "5", "--max-activation-bytes", "500", "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)

    assert found["exceeded"] == ["activation_bytes"]
    assert found["chosen"] == "variant"
    counts = found["variant"]["counts"]
    assert 0.95 * PARAMS <= counts["params"] <= PARAMS
    assert 0.95 * FLOPS <= counts["flops"] <= FLOPS
    assert 4 * counts["activations"] <= 500
    assert 5 < found["variant"]["architecture"]["input"]["resolution"] <= 8
    assert [it["approach"] for it in found["searches"]] == ["I", "II", "III", "IV", "V"]
    assert sum(it["candidates"] for it in found["searches"]) == 5
    assert found["gain"]["variant_id"] == found["variant"]["variant_id"]
    assert found["gain"]["ci"][0] <= found["gain"]["gain"] <= found["gain"]["ci"][1]
    assert found["variant"]["test_accuracy"]["n"] == found["original"]["test_accuracy"]["n"] == 2
    assert parameters_of(tmp_path / "model.py") == counts["params"]
    assert found["job_id"] in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_variants_of_all_widths_take_part(find: Any, tmp_path: Path) -> None:
    original = json.dumps(example("digits-resnet8"))
    asked = ("--approach", "V", "--candidates", "2", "--seeds", "1", "--epochs", "1")
    result = find(*asked, "--processes", "1", "--json", stdin=original)
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    (searched,) = found["searches"]
    assert (searched["approach"], searched["candidates"]) == ("V", 2)
    variant = found["variant"]
    assert variant["approach"] == "V"
    for cost, (low, high) in found["bounds"].items():
        assert low <= variant["counts"][cost] <= high
    chosen = found[found["chosen"]]
    assert parameters_of(tmp_path / "model.py") == chosen["counts"]["params"]


def test_it_is_said_in_words_what_was_found(find: Any, tmp_path: Path) -> None:
    result = find("--seeds", "1", "--epochs", "1", "--candidates", "1", "--processes", "2")
    assert result.exit_code == 0, result.stderr
    for words in ("within-bounds", "original", "The network that Eq. 1 asks for", "report: "):
        assert words in result.stdout
    is_original = "asks for is the original" in result.stdout
    assert (parameters_of(tmp_path / "model.py") == PARAMS) or not is_original


def test_where_nothing_fits_the_bounds_in_the_way_are_named(find: Any, tmp_path: Path) -> None:
    result = find("--max-activation-bytes", "16", "--budget", "flops", "--within", "0.01")
    assert result.exit_code == 3, result.output
    for words in (
        "approach I: no network satisfies all requirements",
        "blocking: equal flops",
        "none of them keeps all bounds",
        "--max-activation-bytes: at most 16 is asked for; the nearest has ",
        "the nearest network",
    ):
        assert words in result.stdout
    assert not (tmp_path / "model.py").exists()


@pytest.mark.usefixtures("no_children")
@pytest.mark.parametrize(
    ("options", "faults"),
    [
        (
            ("--max-resolution", "5", "--recipe", "rmsprop"),
            [
                "--max-resolution: 5 px are not above the original's 5 px",
                "--recipe: there is no such recipe; known are paper, fast, sgd, adam",
            ],
        ),
        (
            ("--approach", "II", "--approach", "VI"),
            ["--approach: there is no approach 'VI'; known are I, II, III, IV, V"],
        ),
        (
            ("--max-params", "5945", "--max-flops", "8249"),
            [
                "--max-params: 5,945 is more than twice what the original has; give at most 5,944",
                "--max-flops: 8,249 is more than twice what the original has; give at most 8,248",
            ],
        ),
    ],
)
def test_bounds_that_no_network_can_keep_start_nothing(
    find: Any, options: tuple[str, ...], faults: list[str]
) -> None:
    result = find(*options)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[1:] == [f"  {fault}" for fault in faults]


def test_what_the_service_refuses_is_named_by_its_option(find: Any) -> None:
    result = find("--dataset", "cifar10", "--candidates", "1")
    assert result.exit_code == 2
    assert "  --dataset: the network takes 1 channel" in result.stderr


def test_a_service_that_is_not_there_is_named(find: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.client.flows.Patience.allows", lambda *_: False)
    result = find("--url", "http://127.0.0.1:9")
    assert result.exit_code == 1
    assert "no answer from http://127.0.0.1:9" in result.stderr


@pytest.mark.usefixtures("no_children")
def test_approaches_that_do_not_fit_are_refused_with_the_reason(find: Any) -> None:
    result = find("--approach", "I", stdin=json.dumps(example("digits-resnet8")))
    assert result.exit_code == 2
    assert "  --approach: I: approach I changes the first linear layer" in result.stderr


@pytest.mark.usefixtures("no_children")
def test_a_url_that_cannot_be_used_is_refused(find: Any) -> None:
    result = find("--url", "ftp://localhost")
    assert result.exit_code == 2
    assert "write the URL in full, as in http://" in result.stderr
