"""Commands are imported when they run, and import only what they need."""

import inspect
import json
import subprocess
import sys
from collections.abc import Sequence

import pytest
import typer
from typer.testing import CliRunner

from app.cli import COMMANDS, app
from app.cli.lazy import Named
from tests.app.cli.conftest import Isobudget

STORAGE = ("alembic", "sqlalchemy", "psycopg")
WEB = ("fastapi", "starlette", "uvicorn", "httpx2", "jinja2", "prometheus_client")
COMPUTING = ("matplotlib", "numpy", "ortools", "pandas", "scipy", "torch")
ARCHITECTURE = "examples/digits-architecture.json"
SEARCH = "examples/digits-search.json"
LOADED = "import sys, json; {}; print(json.dumps([*sys.modules]), file=sys.stderr)"
"""A program that ends with the names of all modules that it loaded."""


def loaded_by(program: str) -> set[str]:
    """The top-level packages that a program imports in a process of its own."""
    ended = subprocess.run(
        [sys.executable, "-c", LOADED.format(program)], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in json.loads(ended.stderr.splitlines()[-1])}


def command(*arguments: str) -> str:
    """A program that runs a command, and goes on when it has ended."""
    return f"from app.cli import app; app({[*arguments]!r}, standalone_mode=False)"


@pytest.mark.parametrize("named", COMMANDS, ids=lambda named: named.name)
def test_the_list_of_commands_says_what_each_command_says_of_itself(named: Named) -> None:
    function = named.find()
    said = function.info.help if isinstance(function, typer.Typer) else inspect.getdoc(function)
    assert said is not None
    assert named.help == " ".join(said.split("\n\n")[0].split())


IN_PROCESS = [named for named in COMMANDS if named.name != "work"]  # becomes another process


@pytest.mark.parametrize("named", IN_PROCESS, ids=lambda named: named.name)
def test_each_command_has_its_own_help(named: Named, isobudget: Isobudget) -> None:
    result = isobudget(named.name, "--help")
    assert result.exit_code == 0
    assert f"isobudget {named.name}" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (("--help",), (*STORAGE, *WEB, *COMPUTING)),
        (("count", ARCHITECTURE), (*STORAGE, *WEB, *COMPUTING)),
        (("solve", SEARCH), (*STORAGE, *WEB, *COMPUTING)),
        (("migrate", "--help"), (*WEB, *COMPUTING)),
    ],
    ids=lambda it: it[0] if isinstance(it, tuple) else None,
)
def test_a_command_imports_only_what_it_needs(
    arguments: Sequence[str], unwanted: Sequence[str]
) -> None:
    assert not loaded_by(command(*arguments)) & {*unwanted}


def test_help_does_not_even_load_the_commands() -> None:
    assert "solver" not in loaded_by(command("--help"))


def test_a_solver_loads_or_tools_only_if_the_problem_needs_it() -> None:
    program = (
        "import json; from solver import SolveRequest, solve; "
        f"answer = solve(SolveRequest.model_validate(json.load(open({SEARCH!r})))); "
        "assert answer.found"
    )
    assert "ortools" not in loaded_by(program)


def test_a_warm_solver_has_or_tools_before_it_is_asked() -> None:
    program = (
        "sys.argv.append('--warm'); sys.stdin.close(); "
        "from solver.processes.child import warm_up; warm_up()"
    )
    assert "ortools" in loaded_by(program)


def test_completion_knows_a_commands_options() -> None:
    words = {"COMP_WORDS": "isobudget solve --appr", "COMP_CWORD": "2"}
    asked = {"_ISOBUDGET_COMPLETE": "complete_bash", **words}
    result = CliRunner().invoke(app, [], env=asked, prog_name="isobudget")
    assert "--approach" in result.stdout
