"""What the documentation shows must work as it is shown."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from app.api import examples as documented
from app.cli import app
from app.config import Settings
from app.schemas.requests import JobRequest, SearchRequest
from app.shipped import example
from solver.network.architecture import Architecture

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
COMMANDS = (ROOT / "docs/command-line.md").read_text()
SETTINGS = (ROOT / "docs/settings.md").read_text()
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "examples/README.md",
]
ENDS_WITHIN = re.compile(r"(?<!\bEq)(?<!\bEqs)(?<!\b[A-Z])[.?!]\)? +[A-Z]")
"""A sentence that ends before its line does."""
ENDS = re.compile(r"[.:;?!)][*`)]*$")
"""How a line of a paragraph ends that another line follows."""


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def test_the_python_of_the_readme_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = blocks("python")  # the second needs a service: tests/e2e/test_client_docs.py
    claimed = [line.split("# ")[1].strip() for line in code.splitlines() if "print(" in line]

    exec(compile(code, "README.md", "exec"), {})

    assert capsys.readouterr().out.splitlines() == claimed


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        line.split(" > ")[0]
        for block in blocks("console", README + COMMANDS)
        for line in block.splitlines()
        if line.startswith(("isobudget count", "isobudget solve"))
    ],
)
def test_the_commands_that_are_shown_work(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    result = CliRunner().invoke(app, shlex.split(line)[1:])

    assert result.exit_code == 0, result.output


def test_the_explanation_that_is_shown_is_what_the_command_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    shown = next(it for it in blocks("text", COMMANDS) if it.startswith("$ isobudget solve"))
    command, _, text = shown.partition("\n")

    result = CliRunner().invoke(app, shlex.split(command)[2:])

    said = " ".join(result.output.split())
    assert result.exit_code == 3
    for part in " ".join(text.split()).split(" … "):
        assert part in said


def test_the_ids_of_the_readme_are_those_of_the_examples() -> None:
    body = {"search_id": documented.SEARCH_ID, "dataset": "digits", "seeds": 3}
    shown = next(json.loads(found) for found in re.findall(r"'(\{.*?\})'", README))

    assert shown == body
    assert f"/v1/searches/{documented.SEARCH_ID}/variants" in README
    assert f"/v1/jobs/{documented.JOB_ID}" in README


def test_the_error_of_the_readme_is_what_such_a_network_gets() -> None:
    documents = map(json.loads, blocks("json"))
    shown = next(it["errors"][0] for it in documents if "errors" in it)
    body = example("digits-architecture")
    body["layers"][0]["kernel_size"] = 7

    with pytest.raises(ValidationError) as refused:
        Architecture.model_validate(body)

    (error,) = refused.value.errors()
    assert "#/" + "/".join(str(part) for part in error["loc"]) == shown["pointer"]
    assert error["msg"] == shown["detail"]


def test_every_setting_is_described() -> None:
    shown = set(re.findall(r"`ISOBUDGET_([A-Z_]+)`", SETTINGS))

    assert shown == {name.upper() for name in Settings.model_fields}


def test_every_example_is_described_and_can_be_posted() -> None:
    described = (ROOT / "examples/README.md").read_text()
    for path in (ROOT / "examples").glob("*.json"):
        assert f"`{path.name}`" in described
    Architecture.model_validate(example("digits-architecture"))
    SearchRequest.model_validate(example("digits-search"))
    SearchRequest.model_validate(example("digits-search-flops"))
    JobRequest.model_validate(documented.JOB)
    JobRequest.model_validate(documented.HALVING_JOB)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def anchors(page: Path) -> set[str]:
    """What headings are called in links, as GitHub does it."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", it.lower()).replace(" ", "-") for it in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_headings_lead_to_one(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", page.read_text()):
        assert anchor in anchors(page.parent / target if target else page), anchor


def paragraphs(page: Path) -> Iterator[list[str]]:
    """The lines of each paragraph and list item; no code, tables and headings."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    for block in re.split(r"\n\s*\n|\n(?=\s*(?:-|\d+\.) )", text):
        lines = [re.sub(r"^\s*(-|\d+\.) ", "", line) for line in block.strip().splitlines()]
        if lines := [line for line in lines if not line.startswith(("|", "#", "!"))]:
            yield lines


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_line_is_a_sentence(page: Path) -> None:
    for lines in paragraphs(page):
        for line in lines:
            assert not ENDS_WITHIN.search(line), line
        for line in lines[:-1]:
            assert ENDS.search(line), f"is this a whole sentence? {line}"
