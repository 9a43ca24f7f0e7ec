"""What a command costs before it does anything: the processor time of whole processes.

``python -m benchmarks.startup [--quick] [--json]``

Each command runs in turns with a yardstick: an import that it cannot do without. Times are user and
system time of the process and of all processes that it starts, since machines are seldom idle.
"""

import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.timing import report

TERMINAL: Final = ("-c", "import typer, rich.console, pydantic")
SOLVER: Final = ("-c", "from ortools.sat.python import cp_model")
EXAMPLES: Final = Path(__file__).parent.parent / "examples"
COMMANDS: Final[Mapping[str, tuple[Sequence[str], Sequence[str]]]] = {
    "help_ratio": (("-m", "app.cli", "--help"), TERMINAL),
    "count_ratio": (
        ("-m", "app.cli", "count", str(EXAMPLES / "digits-architecture.json")),
        TERMINAL,
    ),
    "solve_ratio": (("-m", "app.cli", "solve", str(EXAMPLES / "digits-search.json")), SOLVER),
}
"""Each figure's command and yardstick, as arguments of Python."""
GOALS: Final = {
    "help_ratio": "≤ 3 × the imports of a terminal program",
    "count_ratio": "≤ 4 × the imports of a terminal program",
    "solve_ratio": "≤ 1.8 × the import of CP-SAT",
}
ROUNDS: Final = 11
QUICK_ROUNDS: Final = 3


def measure(is_quick: bool) -> Mapping[str, float]:
    """Return the median processor time of each command over that of its yardstick."""
    rounds = QUICK_ROUNDS if is_quick else ROUNDS
    return {
        name: _ratio(command, yardstick, rounds) for name, (command, yardstick) in COMMANDS.items()
    }


def _ratio(command: Sequence[str], yardstick: Sequence[str], rounds: int) -> float:
    """The ratio of medians; a first round, which may compile modules, does not count."""
    pairs = [(_seconds(command), _seconds(yardstick)) for _ in range(rounds + 1)][1:]
    own = statistics.median(pair[0] for pair in pairs)
    return own / statistics.median(pair[1] for pair in pairs)


def _seconds(arguments: Sequence[str]) -> float:
    """The processor time of a Python process and its children; compiled modules are kept."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    before = os.times()
    subprocess.run(
        [sys.executable, *arguments], env=environment, stdout=subprocess.DEVNULL, check=True
    )
    after = os.times()
    user = after.children_user - before.children_user
    return user + after.children_system - before.children_system


if __name__ == "__main__":
    report(__doc__ or "", measure, GOALS)
