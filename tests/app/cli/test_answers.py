import json

import pytest

from app.cli.answers import print_explanation
from app.shipped import example
from solver.answers.variants import Explanation
from tests.app.cli.conftest import Isobudget

REQUEST = json.dumps(example("digits-search"))
ASKED = ("--kernel-size", "5:5")
"""1,872 weights over 25 + 12 · 25 a filter: 5.76 filters."""


def test_an_infeasible_problem_is_told_with_reasons_neighbours_and_a_tolerance(
    isobudget: Isobudget,
) -> None:
    result = isobudget("solve", "-", *ASKED, stdin=REQUEST)
    assert result.exit_code == 3
    told, table = result.stdout.split("the nearest networks")
    blocking, *reasons = told.splitlines()[1:]
    assert blocking == "blocking: ranges.kernel_size, equal params"
    assert reasons[0] == (
        "- kernel_size 5..5 leaves no solution; 5..6 would leave one, with C1' = 6, C2' = 6."
    )
    assert "(2,972 − 1,100)/325 = 5.76 with C1' = 5, C2' = 5" in reasons[1]
    rows = [line.split() for line in table.splitlines() if line.strip()]
    missed = {row[0].rstrip(","): row[-4:-2] for row in rows}
    assert missed["below"] == ["2,725", "-247"]
    assert missed["nearest"] == ["3,050", "+78"], "nearest, above"


@pytest.mark.slow
def test_the_tolerance_that_is_told_opens_a_solution(isobudget: Isobudget) -> None:
    result = isobudget("solve", "-", *ASKED, stdin=REQUEST)
    *_, told = result.stdout.strip().splitlines()
    assert told.endswith(" would open one")
    option, tolerance = told.split()[:2]
    opened = isobudget("solve", "-", *ASKED, option, tolerance, stdin=REQUEST)
    assert opened.exit_code == 0
    assert float(tolerance) > 0


def test_the_json_answer_has_them_too(isobudget: Isobudget) -> None:
    result = isobudget("solve", "-", *ASKED, "--json", stdin=REQUEST)
    explanation = json.loads(result.stdout)["explanation"]
    assert {*explanation} == {"blocking", "reasons", "nearest", "below", "above", "tolerance"}
    assert explanation["below"]["delta"]["params"] <= 0 <= explanation["above"]["delta"]["params"]


def test_what_is_not_known_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    print_explanation(Explanation(blocking=[], nearest=None))
    assert capsys.readouterr().out == "blocking: not known\n"
    print_explanation(None)
    assert capsys.readouterr().out == ""
