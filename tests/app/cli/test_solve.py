import json
from typing import Any

import pytest

from app.schemas.requests import SearchRequest
from app.shipped import example
from solver.network.architecture import Architecture
from solver.processes.process import SolverFailedError, SolverProcess, SolverTimeoutError
from tests.app.cli.conftest import Isobudget

ARCHITECTURE = json.dumps(example("digits-architecture"))
SEARCH = example("digits-search")
REQUEST = json.dumps(SEARCH)
ASKED = ("--approach", "IV", "--budget", "params")


def solved(isobudget: Isobudget, *options: str, stdin: str = REQUEST) -> Any:
    result = isobudget("solve", "-", *options, "--json", stdin=stdin)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.slow
def test_json_holds_all_variants_and_nothing_else(isobudget: Isobudget) -> None:
    answer = solved(isobudget)
    assert (answer["outcome"], answer["found"], len(answer["variants"])) == ("complete", 1556, 1556)
    assert {variant["counts"]["params"] for variant in answer["variants"]} == {2972}
    assert answer["original"]["counts"]["params"] == 2972


@pytest.mark.slow
def test_a_variant_of_the_answer_is_a_complete_architecture(isobudget: Isobudget) -> None:
    variant = solved(isobudget, "--resolution", "8")["variants"][0]
    assert Architecture.model_validate(variant["architecture"]).resolution == 8


@pytest.mark.slow
def test_the_request_of_an_answer_can_be_asked_again(isobudget: Isobudget) -> None:
    answer = solved(isobudget, "--resolution", "8")
    SearchRequest.model_validate(answer["request"])
    again = solved(isobudget, stdin=json.dumps(answer["request"]))
    assert again["variants"] == answer["variants"]


@pytest.mark.slow
def test_an_architecture_needs_only_approach_and_budget(isobudget: Isobudget) -> None:
    answer = solved(isobudget, *ASKED, "--resolution", "6:8", stdin=ARCHITECTURE)
    assert answer["found"] == 1556


@pytest.mark.slow
def test_options_override_the_file(isobudget: Isobudget) -> None:
    answer = solved(isobudget, "--resolution", "7:8", "--kernel-size", "3:6", "--limit", "5")
    ranges = answer["request"]["ranges"]
    assert (ranges["resolution"], ranges["kernel_size"]) == ([7, 8], [3, 6])
    assert (answer["outcome"], len(answer["variants"])) == ("truncated", 5)
    assert answer["variants"][0]["resolution"] == 7


@pytest.mark.slow
@pytest.mark.parametrize(
    ("approach", "symbols", "ranges"),
    [
        ("I", ["N", "Z1"], ("--out-features", "1:999")),
        ("II", ["N", "P1", "S1", "D1"], ("--dilation", "2:3")),
        (
            "III",
            ["N", "K1", "C1", "P1", "S1", "Cp", "Pp", "Sp"],
            ("--pool-kernel-size", "2:4", "--pool-padding", "0:1", "--pool-stride", "1:2"),
        ),
    ],
)
def test_every_approach_answers_in_its_own_unknowns(
    isobudget: Isobudget, approach: str, symbols: list[str], ranges: tuple[str, ...]
) -> None:
    options = ("--approach", approach, "--tolerance", "0.1", "--scope", "paper", *ranges)
    answer = solved(isobudget, *options, "--limit", "9")
    assert answer["variants"]
    for variant in answer["variants"]:
        assert list(variant["assignment"]) == symbols
        assert Architecture.model_validate(variant["architecture"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "band"),
    [("0.01", {"below": 0.01, "above": 0.01}), ("0.02:0", {"below": 0.02, "above": 0.0})],
)
def test_a_tolerance_is_for_both_sides_or_each_its_own(
    isobudget: Isobudget, text: str, band: dict[str, float]
) -> None:
    answer = solved(isobudget, "--tolerance", text, "--resolution", "8", "--limit", "1")
    assert answer["request"]["tolerance"] == band


def test_the_kernel_may_stay_as_it_is(isobudget: Isobudget) -> None:
    options = ("--no-kernel-grows", "--approach", "III", "--tolerance", "0.1")
    answer = solved(isobudget, *options, "--kernel-size", "3:3", "--limit", "5")
    assert answer["request"]["kernel_grows"] is False
    assert {variant["assignment"]["C1"] for variant in answer["variants"]} == {3}


def test_pooling_can_be_left_out_of_flops(isobudget: Isobudget) -> None:
    answer = solved(isobudget, "--no-count-pooling", "--resolution", "8", "--limit", "1")
    assert answer["request"]["count_pooling"] is False


@pytest.mark.slow
def test_the_table_shows_the_outcome_and_the_first_variants(isobudget: Isobudget) -> None:
    result = isobudget("solve", "-", stdin=REQUEST)
    assert result.exit_code == 0
    assert "complete: 1,556 variants" in result.stdout
    assert "the first 20 of 1,556" in result.stdout
    assert result.stdout.count("2,972") >= 20


def test_an_infeasible_problem_is_explained(isobudget: Isobudget) -> None:
    result = isobudget("solve", "-", "--out-channels", "200:300", stdin=REQUEST)
    assert result.exit_code == 3
    assert "infeasible" in result.stdout
    assert "equal params" in result.stdout
    assert "the nearest network" in result.stdout


@pytest.mark.slow
def test_an_infeasible_answer_is_json_too(isobudget: Isobudget) -> None:
    result = isobudget("solve", "-", "--out-channels", "200:300", "--json", stdin=REQUEST)
    assert result.exit_code == 3
    answer = json.loads(result.stdout)
    assert answer["explanation"]["nearest"]["assignment"]["K1"] == 200
    assert answer["variants"] == []


def test_all_faults_of_options_are_listed_by_their_names(isobudget: Isobudget) -> None:
    options = ("--approach", "VI", "--resolution", "abc", "--kernel-size", "9:3", "--limit", "0")
    more = ("--tolerance", "much", "--min-coverage", "2")
    result = isobudget("solve", "-", *options, *more, "--json", stdin=ARCHITECTURE)
    assert (result.exit_code, result.stdout) == (2, "")
    for words in (
        "7 faults",
        '--approach: expected "I", "II", "III", "IV" or "V"',
        "--budget: this is missing; give params, flops or both",
        "--resolution: 'abc' cannot be read; write LOW:HIGH",
        "--kernel-size: the range 9..3 is empty",
        "--limit: expected a whole number from 1 to 1,000,000; this is 0",
        "--tolerance: 'much' cannot be read; write a fraction",
        "--min-coverage: expected a number from 0 to 1; 2 % is 0.02",
    ):
        assert words in result.stderr


def test_faults_of_the_file_are_listed_by_their_places(isobudget: Isobudget) -> None:
    broken = {**SEARCH, "ranges": {"stride": [5, 1]}, "colour": "red"}
    result = isobudget("solve", "-", stdin=json.dumps(broken))
    assert result.exit_code == 2
    assert "ranges/stride: the range 5..1 is empty" in result.stderr
    assert "colour: unknown key 'colour'" in result.stderr


def test_a_network_that_the_approach_does_not_fit_is_refused(isobudget: Isobudget) -> None:
    network = {"input": {"channels": 1, "resolution": 5}, "layers": [{"type": "relu"}]}
    result = isobudget("solve", "-", *ASKED, stdin=json.dumps(network))
    assert result.exit_code == 2
    assert "layers: approach IV changes the first two convolutions" in result.stderr


class TestChildrenThatDoNotAnswer:
    def test_a_solver_that_fails_ends_with_its_reason(
        self, isobudget: Isobudget, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        raise_from_solve(monkeypatch, SolverFailedError("out of memory"))
        result = isobudget("solve", "-", stdin=REQUEST)
        assert result.exit_code == 1
        assert "out of memory" in result.stderr

    def test_a_killed_solver_is_an_outcome(
        self, isobudget: Isobudget, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        raise_from_solve(monkeypatch, SolverTimeoutError("killed"))
        result = isobudget("solve", "-", "--json", stdin=REQUEST)
        answer = json.loads(result.stdout)
        assert result.exit_code == 4
        assert (answer["outcome"], answer["found"], answer["variants"]) == ("timed_out", 0, [])
        words = isobudget("solve", "-", stdin=REQUEST).stdout
        assert words.startswith("timed_out: none found, none ruled out; time ran out")

    def test_an_interrupt_ends_without_a_traceback(
        self, isobudget: Isobudget, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        raise_from_solve(monkeypatch, KeyboardInterrupt())
        result = isobudget("solve", "-", "--json", stdin=REQUEST)
        assert (result.exit_code, result.stdout) == (130, "")


def raise_from_solve(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def solve(*_: object) -> None:
        raise error

    monkeypatch.setattr(SolverProcess, "solve", solve)
