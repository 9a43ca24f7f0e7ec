"""``isobudget solve --approach V``: its options, and how its answers are shown."""

import json
from typing import Any

import pytest

from app.shipped import example
from solver.answers.search import solve
from solver.answers.variants import Answer
from solver.engines.whole.engine import Whole, WholeAnswer
from solver.problem import Best, SolveRequest
from solver.processes.process import SolverProcess
from tests.app.cli.conftest import Isobudget

ARCHITECTURE = json.dumps(example("digits-architecture"))
REQUEST = json.dumps(example("digits-search-whole"))
ASKED = ("--approach", "V", "--budget", "params", "--resolution", "6")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[SolveRequest]:
    """The requests that reach the child, which are solved in this process."""
    requests: list[SolveRequest] = []

    def answered(_: SolverProcess, request: SolveRequest, __: object) -> Answer:
        requests.append(request)
        return solve(request.problem, request.settings)

    monkeypatch.setattr(SolverProcess, "solve", answered)
    return requests


def test_options_become_the_fields_of_a_request(
    isobudget: Isobudget, sent: list[SolveRequest]
) -> None:
    options = (
        *("--step", 2, "--ratio", "0.4:3", "--freeze", "linear1", "--group", "conv1=8:40"),
        *("--macs", "--max-activation-bytes", 99_999, "--dtype", "float16"),
        *("--max-params", 9_999, "--tolerance", 0.02, "--top", 3, "--best", "closest"),
    )
    result = isobudget("solve", "-", *ASKED, *options, stdin=ARCHITECTURE)
    assert result.exit_code == 0, result.stderr
    (request,) = sent
    asked = request.problem
    assert asked.widths is not None
    assert asked.widths.model_dump(mode="json") == {
        "ratio": [0.4, 3.0],
        "step": 2,
        "freeze": ["linear1"],
        "groups": {"conv1": [8, 40]},
        "grouped": "width",
        "squeeze": "free",
    }
    assert (asked.count, asked.max_activations, asked.max_params) == ("macs", 49_999, 9_999)


def test_options_override_the_files_widths_one_by_one(
    isobudget: Isobudget, sent: list[SolveRequest]
) -> None:
    result = isobudget("solve", "-", "--ratio", "0.25:4", "--top", 1, stdin=REQUEST)
    assert result.exit_code == 0, result.stderr
    widths = sent[0].problem.widths
    assert widths is not None
    assert (widths.ratio, widths.step) == ((0.25, 4.0), 2)


@pytest.mark.usefixtures("sent")
def test_what_is_proved_is_said_and_the_widths_that_change_are_listed(isobudget: Isobudget) -> None:
    shown = isobudget("solve", "-", stdin=REQUEST).stdout
    assert "the best by closest: that is proved" in shown
    assert "3/3" in shown
    assert "widths of the first: conv1 16→" in shown


@pytest.mark.usefixtures("sent")
def test_json_has_every_width_and_what_is_proved(isobudget: Isobudget) -> None:
    answer: dict[str, Any] = json.loads(isobudget("solve", "-", "--json", stdin=REQUEST).stdout)
    assert answer["solver"]["proved"] is True
    assert answer["request"]["widths"]["step"] == 2
    for variant in answer["variants"]:
        assert [*variant["assignment"]] == ["N", "conv1", "conv2", "linear1"]
    again = json.loads(
        isobudget("solve", "-", "--json", stdin=json.dumps(answer["request"])).stdout
    )
    assert again["variants"] == answer["variants"]


@pytest.mark.usefixtures("sent")
def test_none_is_explained(isobudget: Isobudget) -> None:
    options = ("--approach", "V", "--budget", "both", "--resolution", "10", "--ratio", "0.9:1.1")
    result = isobudget("solve", "-", *options, stdin=ARCHITECTURE)
    assert result.exit_code == 3
    assert "infeasible: no widths satisfy all requirements" in result.stdout
    assert "Even with every width at its least" in result.stdout


def test_the_nearest_networks_are_shown_with_the_widths_of_the_nearest(
    isobudget: Isobudget, sent: list[SolveRequest]
) -> None:
    result = isobudget("solve", "-", *ASKED, "--budget", "both", stdin=ARCHITECTURE)
    assert result.exit_code == 3
    assert sent
    for shown in ("the nearest networks", "below", "above", "widths of the nearest: conv1 16→"):
        assert shown in result.stdout


def test_the_bound_and_the_nearest_network_are_shown_where_time_ran_out(
    isobudget: Isobudget, sent: list[SolveRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = WholeAnswer([], bound=1.25)
    monkeypatch.setattr(Whole, "answer", lambda _self, _tell: nothing)
    result = isobudget("solve", "-", *ASKED, stdin=ARCHITECTURE)
    assert result.exit_code == 4
    assert sent
    assert (
        "timed_out: none found, none ruled out; the bound is ×1.2500 as the largest change of a "
        "width; give it more with --time-limit"
    ) in result.stdout
    assert "- The nearest network is an answer; a longer search would find more." in result.stdout


@pytest.mark.parametrize(
    ("options", "place"),
    [
        (("--ratio", "half"), "--ratio"),
        (("--ratio", "2:0.5"), "--ratio"),
        (("--group", "conv1"), "--group"),
        (("--group", "conv9=1:2"), "--group"),
        (("--freeze", "conv9"), "--freeze"),
        (("--step", 0), "--step"),
        (("--stride", "1:2"), "--stride"),
        (("--count",), "--count"),
    ],
)
def test_options_that_make_no_sense_are_refused_by_name(
    isobudget: Isobudget, options: tuple[Any, ...], place: str
) -> None:
    result = isobudget("solve", "-", *ASKED, *options, stdin=ARCHITECTURE)
    assert result.exit_code == 2
    assert f"\n  {place}: " in result.stderr


def test_feasible_says_that_it_does_not_count_its_solutions(isobudget: Isobudget) -> None:
    asked = ("--approach", "V", "--budget", "params", "--grid", "resolution=5")
    result = isobudget("feasible", "-", *asked, stdin=ARCHITECTURE)
    assert result.exit_code == 2
    assert "--approach: approach V has more solutions than can be counted" in result.stderr


def test_the_number_of_the_closest_needs_no_objective(
    isobudget: Isobudget, sent: list[SolveRequest]
) -> None:
    result = isobudget("solve", "-", *ASKED, "--tolerance", 0.01, "--top", 2, stdin=ARCHITECTURE)
    assert result.exit_code == 0, result.stderr
    assert sent[0].settings.find == Best(best="closest", top=2)


@pytest.mark.usefixtures("sent")
def test_both_sides_of_rectangular_images_are_shown(isobudget: Isobudget) -> None:
    original = json.dumps(example("pilotnet"))
    asked = ("--approach", "V", "--budget", "flops", "--tolerance", 0.01, "--resolution", 76)
    result = isobudget("solve", "-", *asked, "--top", 1, stdin=original)
    assert result.exit_code == 0, result.stderr
    assert "76×230" in result.stdout
