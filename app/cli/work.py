"""``isobudget work``."""

import importlib.util
import os
import subprocess
import sys

import typer

from app.cli.console import fail


def work(context: typer.Context) -> None:
    """Train the runs of jobs. Its options: isobudget work --help."""
    require_trainer()
    command = [sys.executable, "-m", "trainer", *context.args]
    if os.name == "posix":
        sys.stdout.flush()
        os.execv(sys.executable, command)  # signals and exit code become the trainer's own
    raise typer.Exit(subprocess.run(command, check=False).returncode)


def require_trainer(what: str = "training") -> None:
    """End the command if PyTorch is not installed; ``what`` needs it."""
    if importlib.util.find_spec("torch") is None:
        fail(f"{what} needs PyTorch, which is not installed: pip install 'isobudget[trainer]'")
