"""The bar of a study says what it does, and how long that still takes."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from app.client.progress import study_bar
from tests.app.ui.studies.studies import study


@pytest.mark.parametrize(
    ("phase", "eta", "said"),
    [
        ("counting", None, "counting variants"),
        ("searching", None, "searching"),
        ("training", None, "training 90 runs "),
        ("training", 3_725.2, "training 90 runs, 1:02:05 left"),
    ],
)
def test_it_says_the_phase_and_the_time_that_is_left(
    phase: str, eta: float | None, said: str
) -> None:
    progress: dict[str, Any] = {"runs_done": 9, "runs_total": 90, "fraction": 0.1}
    shown = StringIO()
    with study_bar(Console(file=shown, width=100)) as show:
        show(study(state="running", phase=phase, progress={**progress, "eta_seconds": eta}))
    assert said in shown.getvalue()
