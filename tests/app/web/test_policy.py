"""What no page may hold: scripts of its own, and whatever a browser would take for one."""

import re
from pathlib import Path

import pytest

import app.web
from app.web.pages import POLICY

FOLDER = Path(app.web.__file__).parent
TEMPLATES = sorted((FOLDER / "templates").rglob("*.html"))
SCRIPTS = sorted((FOLDER / "static").glob("*.js"))

INLINE = re.compile(r"<script(?![^>]*\b(?:src=|type=\"application/json\"))[^>]*>", re.IGNORECASE)
HANDLER = re.compile(r"<[^>]*\s(?:on[a-z]+|hx-on[^=\s]*)\s*=", re.IGNORECASE)
ADDRESS = re.compile(
    r"(?:href|src|action)\s*=\s*[\"']?\s*(?:javascript|data|https?):", re.IGNORECASE
)
FORBIDDEN = re.compile(
    r"\beval\(|new Function|\.innerHTML\s*=|document\.write|https?://(?!www\.w3\.org/)"
)
TRUSTED = re.compile(r"\|\s*safe\b|autoescape\s+false")


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_a_template_has_neither_scripts_of_its_own_nor_addresses_elsewhere(file: Path) -> None:
    text = file.read_text(encoding="utf-8")

    for pattern in (INLINE, HANDLER, ADDRESS, TRUSTED):
        assert pattern.search(text) is None, pattern.pattern


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: file.name)
def test_a_script_neither_runs_text_nor_asks_elsewhere(file: Path) -> None:
    text = file.read_text(encoding="utf-8")

    assert not re.search(
        r"\beval\(|new Function|\.innerHTML\s*=|document\.write|https?://(?!www\.w3)", text
    )


def test_the_patterns_find_what_they_look_for() -> None:
    assert INLINE.search("<script>alert(1)</script>")
    assert not INLINE.search('<script src="/static/x.js" defer></script>')
    assert HANDLER.search('<a href="/" onclick="x()">')
    assert ADDRESS.search('<img src="https://elsewhere.example/x.png">')
    assert TRUSTED.search("{{ name|safe }}")


def test_the_policy_runs_our_files_only() -> None:
    directives = dict(part.split(" ", 1) for part in POLICY.split("; "))

    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == "'self'"
    assert "unsafe-eval" not in POLICY
    assert [name for name, value in directives.items() if "unsafe-inline" in value] == ["style-src"]
    assert [name for name, value in directives.items() if "data:" in value] == ["img-src"]
