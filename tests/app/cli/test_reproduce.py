"""``isobudget reproduce``: what it refuses, and what it writes."""

import csv
import json
import re
from pathlib import Path

import pytest

from tests.app.cli.conftest import Isobudget


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--resolution", 0),
        ("--originals", 0),
        ("--seeds", 101),
        ("--epochs", 0),
        ("--recipe", "x"),
    ],
)
def test_an_option_that_the_service_would_refuse_is_named(
    isobudget: Isobudget, tmp_path: Path, option: str, value: object
) -> None:
    result = isobudget("reproduce", "fig3", "--output", tmp_path / "none", option, value)
    assert result.exit_code == 2
    assert re.search(rf"{option}\b", result.stderr)
    assert not (tmp_path / "none").exists()


def test_an_unknown_figure_is_a_usage_error(isobudget: Isobudget) -> None:
    result = isobudget("reproduce", "fig2")
    assert result.exit_code == 2
    assert "fig3" in result.stderr


def test_without_matplotlib_nothing_is_started(
    isobudget: Isobudget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.cli.reproduce.find_spec", lambda _: None)
    result = isobudget("reproduce", "fig3", "--output", tmp_path / "none")
    assert result.exit_code == 1
    assert "pip install 'isobudget[figures]'" in result.stderr
    assert not (tmp_path / "none").exists()


FILES = {
    "fig3.png",
    "fig3.svg",
    "fig4.png",
    "fig4.svg",
    "plan.json",
    "report.html",
    "runs.csv",
    "table.tex",
}
SHORT = ("--dataset", "digits", "--scale", "smoke", "--epochs", 1)
TINY = (*SHORT, "--originals", 2, "--seeds", 1)


def written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def without_times(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files that two runs of a study share, but for ids and times."""
    varying = rb'<span class="varies">.*?</span>|\\trainingtime\{.*?\}'
    return {
        name: re.sub(varying, b"", content) for name, content in files.items() if name != "runs.csv"
    }


@pytest.mark.slow
def test_a_figure_is_reproduced_and_another_shares_its_study(
    isobudget: Isobudget, tmp_path: Path
) -> None:
    first = isobudget("reproduce", "fig3", *SHORT, "--output", tmp_path)
    assert first.exit_code == 0, first.output
    files = written(tmp_path / "fig3-digits-smoke")
    assert {*files} == FILES
    runs = [*csv.DictReader(files["runs.csv"].decode().splitlines())]
    assert {run["state"] for run in runs} == {"succeeded"}
    plan = json.loads(files["plan.json"])
    assert plan["plan_hash"] in first.stdout
    assert len(plan["plan"]["cells"]) == 2

    again = isobudget("reproduce", "fig4", *SHORT, "--output", tmp_path)
    assert again.exit_code == 0, again.output
    assert written(tmp_path / "fig4-digits-smoke") == files


@pytest.mark.slow
def test_two_runs_of_a_study_differ_in_ids_and_times_only(
    isobudget: Isobudget, tmp_path: Path
) -> None:
    found = []
    for folder in (tmp_path / "one", tmp_path / "other"):
        result = isobudget("reproduce", "fig3", *TINY, "--output", folder)
        assert result.exit_code == 0, result.output
        found.append(written(folder / "fig3-digits-smoke"))
    assert found[0] != found[1]
    assert without_times(found[0]) == without_times(found[1])
