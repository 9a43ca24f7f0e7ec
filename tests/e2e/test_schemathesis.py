"""Requests that schemathesis makes from the OpenAPI document, to a live server.

It tries the examples, the bounds of every field, random requests that are right and wrong, and
sequences of requests in which one answers what the next one needs.
"""

import subprocess
import sys
from pathlib import Path

from app.db.engine import Database
from app.keys import new_key
from tests.e2e.processes import serving

CONFIG = Path(__file__).with_name("schemathesis.toml")
CLI = Path(sys.executable).with_name("st")
PHASES = ("Examples", "Coverage", "Fuzzing", "Stateful")


def schemathesis(folder: Path, address: str, *options: str) -> str:
    """Test the server at an address. Returns what schemathesis reports; a failure fails."""
    command = [f"{CLI}", "--config-file", f"{CONFIG}", "run", f"{address}/openapi.json"]
    done = subprocess.run(
        [*command, "--no-color", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_whatever_is_sent_gets_an_answer_that_is_described(
    database: Database, tmp_path: Path
) -> None:
    """No answer is a fault of the server, and none contradicts the document."""
    with serving(database, tmp_path / "log") as client:
        report = schemathesis(tmp_path, f"{client.base_url}")

    assert all(f"✅ {phase}" in report for phase in PHASES), report
    assert '"level": "error"' not in (tmp_path / "log").read_text()


def test_no_operation_can_be_called_without_the_key_that_it_is_described_to_need(
    sqlite_database: Database, tmp_path: Path
) -> None:
    key = new_key()
    with serving(
        sqlite_database,
        require_key="always",
        bootstrap_key=key,
        rate_limit="off",
        auth_failure_limit="off",
    ) as client:
        options = ("--header", f"Authorization: Bearer {key}", "--phases", "examples,fuzzing")
        schemathesis(tmp_path, f"{client.base_url}", *options, "--max-examples", "2")
