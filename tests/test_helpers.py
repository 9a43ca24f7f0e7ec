"""Helpers have modules of their own: no test module is imported, by name or in a program's text."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent
IMPORT = re.compile(r"\bfrom +[\w.]*\btest_\w+ +import|\bimport +[\w., ]*\btest_\w+")


def borrowed(text: str) -> list[str]:
    """What a module takes from tests."""
    return IMPORT.findall(text)


def test_tests_take_helpers_from_factories_and_not_from_each_other() -> None:
    found = {
        str(path.relative_to(ROOT)): names
        for path in ROOT.rglob("*.py")
        if path != Path(__file__) and (names := borrowed(path.read_text(encoding="utf-8")))
    }
    assert not found, "move these into the nearest factories module"


@pytest.mark.parametrize(
    "line",
    [
        "from tests.solver.answers.test_search import asked_of",
        "from tests.solver.answers import test_search",
        "from .test_search import asked_of",
        "import tests.solver.answers.test_search",
        "code = 'import sys; from tests.trainer.test_cache import *'",
    ],
)
def test_such_a_line_is_found(line: str) -> None:
    assert borrowed(line)
