"""A client that is generated from the OpenAPI document, as docs/api.md shows it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from app.db.engine import Database
from app.keys import new_key
from tests.conftest import missing
from tests.e2e.processes import environment, running, serving
from tests.factories import PATIENCE

ROOT = Path(__file__).parents[2]
GENERATOR = Path(
    os.environ.get(
        "ISOBUDGET_TEST_GENERATOR", Path(sys.prefix) / "generator/bin/openapi-python-client"
    )
)


@pytest.fixture(scope="module")
def generator() -> Path:
    """The generator of clients, which ``make`` installs beside the other packages."""
    if not GENERATOR.exists():
        missing(f"no openapi-python-client at {GENERATOR}")
    return GENERATOR


def ran(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, with more variables in its environment."""
    env = {**os.environ, **variables}
    return subprocess.run(
        command, env=env, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def generate(generator: Path, server: httpx2.Client, folder: Path) -> Path:
    """Generate a client of a server, without a warning. Returns the folder of its package."""
    document = folder / "openapi.json"
    document.write_bytes(server.get("/openapi.json").content)
    package = folder / "client"
    arguments = ("generate", "--path", f"{document}", "--output-path", f"{package}")
    path = f"{generator.parent}{os.pathsep}{os.environ['PATH']}"  # it formats with its own ruff
    done = ran(folder, f"{generator}", *arguments, "--fail-on-warning", PATH=path)
    assert done.returncode == 0, done.stdout + done.stderr
    return package


def shown_for(server: httpx2.Client) -> str:
    """The program in docs/api.md, with the server's own address."""
    page = (ROOT / "docs/api.md").read_text()
    (code,) = (f"{found}" for found in re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    assert "http://127.0.0.1:8000" in code
    return code.replace("http://127.0.0.1:8000", f"{server.base_url}".rstrip("/"))


def test_a_generated_client_does_the_main_job_and_its_types_hold(
    generator: Path, sqlite_database: Database, tmp_path: Path
) -> None:
    """Architecture, search, variants, job, results: as docs/api.md shows it."""
    python, key = (sys.executable, "-W", "error"), new_key()
    with serving(sqlite_database, bootstrap_key=key) as server:
        package = generate(generator, server, tmp_path)
        program = tmp_path / "main_job.py"
        program.write_text(shown_for(server))

        mypy = ("-m", "mypy", "--strict", "--config-file=", f"{program}")
        checked = ran(tmp_path, sys.executable, *mypy, MYPYPATH=f"{package}")
        assert checked.returncode == 0, checked.stdout

        with running(["trainer"], environment(sqlite_database, poll=0.1)):
            done = ran(ROOT, *python, f"{program}", PYTHONPATH=f"{package}", ISOBUDGET_KEY=key)
    assert done.returncode == 0, done.stdout + done.stderr
    parameters, found, state, gain = done.stdout.splitlines()
    assert parameters == "2,972 parameters"
    assert found == "1,556 variants, up to 8 px"
    assert state == "succeeded with the recipe 'paper'"
    assert -1 <= float(gain.removeprefix("gain: ")) <= 1
