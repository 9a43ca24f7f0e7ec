import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from app.cli.console import notes
from app.cli.grids import MOST_PROBLEMS
from app.services import tallies
from app.services.tallies import Tallies, Tally
from app.shipped import example
from solver.answers.search import tally
from solver.network.architecture import Architecture
from solver.problem import SolveRequest
from solver.processes.process import SolverProcess, SolverStartError
from tests.app.cli.conftest import Isobudget
from tests.solver.factories import FLATTEN, conv, linear, network, pool

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
ARCHITECTURE = json.dumps(example("digits-architecture"))
SEARCH = example("digits-search")
ASKED = ("--approach", "IV", "--budget", "params")
GRID = ("--grid", "conv1.out_channels=12,14:18:2")
"""12, 14, 16 and 18 filters."""


def surveyed(isobudget: Isobudget, *options: str, stdin: str = ARCHITECTURE) -> Any:
    result = isobudget("feasible", "-", *options, "--json", stdin=stdin)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def asked_of(summary: Any) -> list[tuple[str, str]]:
    return [(share["approach"], share["budget"]) for share in summary["shares"]]


class TestShares:
    def test_they_are_those_that_counting_each_original_gives(self, isobudget: Isobudget) -> None:
        summary = surveyed(isobudget, *ASKED, *GRID, "--nearest", "4")
        found = []
        for filters in (12, 14, 16, 18):
            body = example("digits-architecture")
            body["layers"][0]["out_channels"] = filters
            asked = {"architecture": body, "approach": "IV", "budget": "params"}
            found.append(tally(SolveRequest.model_validate(asked).problem))
        (share,) = summary["shares"]
        assert share["originals"] == 4
        assert share["feasible"] == sum(1 for number in found if number)
        assert share["own"] == found[2]
        (nearest,) = summary["nearest"]
        assert [near["found"] for near in nearest["originals"]] == [
            number for number in (found[place] for place in (2, 1, 3, 0)) if number
        ]

    def test_without_options_all_that_fit_is_asked(self, isobudget: Isobudget) -> None:
        summary = surveyed(isobudget, "--grid", "resolution=5")
        assert asked_of(summary) == [
            (approach, budget)
            for approach in ("I", "II", "III", "IV")
            for budget in ("params", "flops", "both")
        ]

    def test_approaches_that_do_not_fit_are_left_out_unless_asked_for(
        self, isobudget: Isobudget
    ) -> None:
        body = network(conv(4, 3), FLATTEN, linear()).model_dump_json()
        asked = {approach for approach, _ in asked_of(surveyed(isobudget, *GRID, stdin=body))}
        assert asked == {"II", "III"}
        result = isobudget("feasible", "-", *ASKED, *GRID, stdin=body)
        assert result.exit_code == 2
        assert "approach IV changes the first two convolutions" in result.stderr

    def test_what_the_file_asks_is_asked_unless_an_option_overrides_it(
        self, isobudget: Isobudget
    ) -> None:
        request = json.dumps({**SEARCH, "tolerance": 0.01, "scope": "paper"})
        summary = surveyed(isobudget, *GRID, stdin=request)
        assert asked_of(summary) == [("IV", "params")]
        assert summary["shares"][0]["tolerance"] == {"below": 0.01, "above": 0.01}
        assert summary["request"] == {
            "scope": "paper",
            "ranges": {"resolution": [6, 8]},
            "kernel_grows": True,
            "count_pooling": True,
            "min_coverage": 0.0,
            "count": "flops",
            "dtype": "float32",
            "time_limit": 30.0,
        }
        options = ("--budget", "flops", "--tolerance", "0", "--resolution", "8")
        summary = surveyed(isobudget, *GRID, *options, stdin=request)
        assert asked_of(summary) == [("IV", "flops")]
        assert summary["request"]["ranges"] == {"resolution": [8, 8]}

    def test_each_approach_budget_and_tolerance_has_its_share(self, isobudget: Isobudget) -> None:
        options = ("--approach", "IV", "--approach", "III", "--budget", "both", "--budget", "flops")
        tolerances = ("--tolerance", "0", "--tolerance", "0.01:0", "--tolerance", "0.0")
        summary = surveyed(isobudget, *GRID, *options, *tolerances, "--resolution", "8")
        assert [
            (s["approach"], s["budget"], s["tolerance"]["below"]) for s in summary["shares"]
        ] == [
            (approach, budget, tolerance)
            for approach in ("IV", "III")
            for budget in ("both", "flops")
            for tolerance in (0.0, 0.01)
        ]
        assert [n["tolerance"] for n in summary["nearest"]] == 4 * [{"below": 0.0, "above": 0.0}]


class TestGrid:
    def test_a_bare_field_varies_both_convolutions_and_a_named_one_goes_before_it(
        self, isobudget: Isobudget
    ) -> None:
        grid = ("--grid", "kernel_size=2,3", "--grid", "conv2.kernel_size=3:1,2", "--grid", "x=1")
        result = isobudget("feasible", "-", *ASKED, *grid, stdin=ARCHITECTURE)
        assert result.exit_code == 2
        grid = ("--grid", "conv2.padding=1", "--grid", "padding=0:1", "--grid", "resolution=6,5,6")
        summary = surveyed(isobudget, *ASKED, *grid)
        assert summary["grid"]["axes"] == {
            "resolution": [5, 6],
            "conv1.padding": [0, 1],
            "conv2.padding": [1],
        }
        assert summary["grid"]["size"] == summary["grid"]["originals"] == 4

    def test_pools_vary_with_their_strides(self, isobudget: Isobudget) -> None:
        body = network(conv(4, 3), pool(2), conv(4, 3), pool(1), FLATTEN, linear())
        grid = ("--grid", "pool_kernel_size=1,2", "--grid", "conv1.kernel_size=3")
        summary = surveyed(isobudget, *ASKED, *grid, stdin=body.model_dump_json())
        assert summary["grid"]["axes"] == {
            "conv1.kernel_size": [3],
            "pool1.kernel_size": [1, 2],
            "pool2.kernel_size": [1, 2],
        }
        assert (summary["grid"]["size"], summary["grid"]["originals"]) == (4, 3)

    def test_what_is_no_valid_network_is_left_out_and_counted(self, isobudget: Isobudget) -> None:
        grid = ("--grid", "conv1.kernel_size=3,7")
        summary = surveyed(isobudget, *ASKED, *grid)
        fault = "layers/0/kernel_size: kernel 7 does not fit its 5×5 input"
        assert (summary["grid"]["originals"], summary["grid"]["fault"]) == (1, fault)
        words = isobudget("feasible", "-", *ASKED, *grid, stdin=ARCHITECTURE).stdout
        assert f"1 original; 1 of 2 are no valid networks, e.g. {fault}" in words

    def test_a_sample_is_drawn_from_it(self, isobudget: Isobudget) -> None:
        grid = ("--grid", "out_channels=10:200", "--sample", "3", "--seed", "5")
        summary = surveyed(isobudget, "--approach", "II", *grid)
        assert summary["grid"]["sample"] == {"sample": 3, "seed": 5}
        assert (summary["grid"]["size"], summary["grid"]["originals"]) == (191**2, 3)
        words = isobudget("feasible", "-", "--approach", "II", *grid, stdin=ARCHITECTURE).stdout
        assert words.startswith("3 originals, drawn uniformly from 36,481 (seed 5)")

    @pytest.mark.parametrize(
        ("options", "faults"),
        [
            ((), ["--grid: this is missing; write NAME=VALUES, as in kernel_size=3,5,7"]),
            (
                ("--grid", "stride", "--grid", "padding=", "--grid", "stride=a", "--seed", "1"),
                [
                    "--grid: 'stride' cannot be read; write NAME=VALUES",
                    "--grid: 'padding=' cannot be read",
                    "--grid: 'stride=a' cannot be read",
                    "--seed: it goes with --sample N, which is missing",
                ],
            ),
            (
                ("--grid", "stride=3:1", "--grid", "stride=1:3:0", "--grid", "stride=1:200000"),
                [
                    "--grid: 'stride=3:1' cannot be read",
                    "--grid: 'stride=1:3:0' cannot be read",
                    "--grid: 'stride=1:200000' cannot be read",
                ],
            ),
            (
                ("--grid", "stride=1", "--grid", "stride=2", "--sample", "0", "--tolerance", "x"),
                [
                    "--grid: 'stride' is given twice; write all its values once",
                    "--sample: expected a whole number from 1 to 1,000,000; this is 0",
                    "--tolerance: 'x' cannot be read",
                ],
            ),
            (
                (
                    *("--grid", "conv3.stride=1", "--grid", "kernel_size=0,3"),
                    *("--grid", "pool_kernel_size=1,2"),
                ),
                [
                    "--grid: there is no 'conv3.stride' to vary; write resolution, or one of",
                    "--grid: there is no 'pool_kernel_size' to vary; no pool lies behind",
                    "--grid: kernel_size=0: expected a whole number from 1 to 65,536",
                ],
            ),
            (
                ("--grid", "conv1.kernel_size=9:20"),
                ["--grid: none of 12 members is a valid network; e.g. layers/0/kernel_size"],
            ),
            (
                ("--grid", "out_channels=1:1000", "--budget", "flops"),
                [
                    "--grid: 1,000,000 originals with 4 problems each are more than 100,000 "
                    "problems; draw fewer with --sample 25000, or give fewer values"
                ],
            ),
            (
                ("--grid", "out_channels=1:1000", "--sample", "60000"),
                ["--grid: 60,000 originals with 2 problems each are more than 100,000"],
            ),
            (
                ("--grid", "out_channels=1:99999", "--grid", "padding=0:65536", "--sample", "1"),
                ["--grid: it has 4.3e+19 members; give fewer values"],
            ),
        ],
    )
    def test_one_that_cannot_be_gone_over_is_refused_in_words(
        self, isobudget: Isobudget, options: tuple[str, ...], faults: list[str]
    ) -> None:
        asked = ("--approach", "III", "--approach", "IV", "--budget", "params")
        result = isobudget("feasible", "-", *asked, *options, "--json", stdin=ARCHITECTURE)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.count("\n") == 1 + len(faults)
        assert all(f"  {fault}" in result.stderr for fault in faults)

    def test_it_may_make_as_many_problems_as_are_allowed(
        self, isobudget: Isobudget, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("app.cli.grids.MOST_PROBLEMS", 4)
        assert surveyed(isobudget, *ASKED, *GRID)["shares"][0]["originals"] == 4
        assert MOST_PROBLEMS == 100_000

    @pytest.mark.parametrize(
        ("layers", "words"), [([conv()], "one convolution"), ([FLATTEN, linear()], "no convol")]
    )
    def test_a_convolution_that_is_not_there_is_named(
        self, isobudget: Isobudget, layers: list[Any], words: str
    ) -> None:
        body = network(*layers, linear() if layers[0] is FLATTEN else FLATTEN, linear())
        grid = ("--grid", "conv2.stride=1")
        result = isobudget("feasible", "-", *grid, stdin=body.model_dump_json())
        assert result.exit_code == 2
        assert f"this network has {words}" in result.stderr

    def test_a_field_that_is_no_number_is_refused(self, isobudget: Isobudget) -> None:
        wide = {"kernel_size": [3, 2]}
        second = conv(4, padding="same") | wide
        body = network(conv(), pool() | wide, second, FLATTEN, linear())
        names = ("kernel_size", "padding", "pool_kernel_size")
        grid = [word for name in names for word in ("--grid", f"{name}=1,2")]
        result = isobudget("feasible", "-", "--approach", "II", *grid, stdin=body.model_dump_json())
        assert result.exit_code == 2
        for fault in (
            "conv2.kernel_size: the network has (3, 2) here; write a whole number in the file",
            "conv2.padding: the network has same here; write a whole number in the file",
            "pool1.kernel_size: the network has (3, 2) here; write a whole number in the file",
        ):
            assert f"  --grid: {fault}" in result.stderr


class TestFaultsOfTheFile:
    def test_they_are_listed_once_for_all_that_is_asked(self, isobudget: Isobudget) -> None:
        result = isobudget("feasible", "-", *GRID, stdin="{}")
        assert result.exit_code == 2
        assert "standard input: 2 faults" in result.stderr

    def test_options_are_named_by_their_flags(self, isobudget: Isobudget) -> None:
        options = ("--approach", "VI", "--budget", "x", "--min-coverage", "2", "--stride", "0:1")
        result = isobudget("feasible", "-", *GRID, *options, stdin=ARCHITECTURE)
        assert result.exit_code == 2
        for option in ("--approach", "--budget", "--min-coverage", "--stride"):
            assert result.stderr.count(f"  {option}: ") == 1


class TestNearest:
    def test_they_say_what_to_change_and_are_whole_networks(self, isobudget: Isobudget) -> None:
        summary = surveyed(isobudget, *ASKED, *GRID, "--nearest", "2")
        first, second = summary["nearest"][0]["originals"]
        assert first["changes"] == {}
        assert list(second["changes"]) == ["conv1.out_channels"]
        assert Architecture.model_validate(second["architecture"])

    def test_the_table_names_them(self, isobudget: Isobudget) -> None:
        words = isobudget("feasible", "-", *ASKED, *GRID, stdin=ARCHITECTURE).stdout
        assert "nearest to yours that have variants (exact)" in words
        assert "none: it is yours" in words
        assert "conv1.out_channels 16 → 12" in words

    def test_budgets_with_the_same_ones_share_their_lines(self, isobudget: Isobudget) -> None:
        options = ("--approach", "II", "--tolerance", "0.02:0")
        words = isobudget("feasible", "-", *options, *GRID, stdin=ARCHITECTURE).stdout
        assert "params, flops, both" in words
        assert "variants (−2% +0%)" in words

    def test_none_are_asked_for_and_none_named(self, isobudget: Isobudget) -> None:
        options = (*ASKED, *GRID, "--nearest", "0")
        words = isobudget("feasible", "-", *options, stdin=ARCHITECTURE).stdout
        assert "nearest" not in words


class TestEnds:
    NONE = (*ASKED, *GRID, "--out-channels", "500:600")

    def test_no_original_with_variants_is_infeasible(self, isobudget: Isobudget) -> None:
        result = isobudget("feasible", "-", *self.NONE, stdin=ARCHITECTURE)
        assert result.exit_code == 3
        assert "0.0%" in result.stdout
        result = isobudget("feasible", "-", *self.NONE, "--json", stdin=ARCHITECTURE)
        assert result.exit_code == 3
        assert json.loads(result.stdout)["nearest"][0]["originals"] == []

    def test_what_could_not_be_counted_takes_no_part_and_proves_nothing(
        self, isobudget: Isobudget, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found = [(0, Tally(0)), (3, Tally(None, "too large")), (1, Tally(0)), (2, Tally(None))]
        monkeypatch.setattr(Tallies, "__iter__", lambda _: iter([*found, (4, Tally(0))]))
        result = isobudget("feasible", "-", *ASKED, *GRID, stdin=ARCHITECTURE)
        assert result.exit_code == 4
        reason = (
            "2 of the problems could not be counted and take no part; the time limit came first"
        )
        assert reason in result.stdout
        result = isobudget("feasible", "-", *ASKED, *GRID, "--json", stdin=ARCHITECTURE)
        assert result.exit_code == 4
        summary = json.loads(result.stdout)
        assert (summary["unknown"], summary["shares"][0]["unknown"]) == (2, 2)
        assert summary["shares"][0]["originals"] == 2

    @pytest.mark.parametrize(("found", "code"), [(0, 1), (1, 0)])
    def test_what_could_not_be_counted_for_other_reasons_fails_where_nothing_is_known(
        self, isobudget: Isobudget, monkeypatch: pytest.MonkeyPatch, found: int, code: int
    ) -> None:
        told = [Tally(0), Tally(found), Tally(0), Tally(None, "too large"), Tally(0)]
        monkeypatch.setattr(Tallies, "__iter__", lambda _: enumerate(told))
        result = isobudget("feasible", "-", *ASKED, *GRID, stdin=ARCHITECTURE)
        assert result.exit_code == code

    def test_large_numbers_are_written_out(
        self, isobudget: Isobudget, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found = enumerate(map(Tally, (1_234_567, 1_000_000, 2_000_001, 0, 0)))
        monkeypatch.setattr(Tallies, "__iter__", lambda _: found)
        words = isobudget("feasible", "-", *ASKED, *GRID, stdin=ARCHITECTURE).stdout
        assert "50.0%  1,500,000.5  1,234,567" in words

    def test_a_solver_that_does_not_start_fails_the_command(
        self, isobudget: Isobudget, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fail_with(monkeypatch, SolverStartError("no room"))
        result = isobudget("feasible", "-", *ASKED, *GRID, stdin=ARCHITECTURE)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "no room" in result.stderr

    def test_an_interrupt_ends_without_a_traceback_and_without_children(
        self, isobudget: Isobudget, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made: list[SolverProcess] = []

        class Noted(SolverProcess):
            def __init__(self, memory_mb: int) -> None:
                super().__init__(memory_mb)
                made.append(self)

        monkeypatch.setattr(tallies, "SolverProcess", Noted)
        fail_with(monkeypatch, KeyboardInterrupt())
        result = isobudget("feasible", "-", *ASKED, *GRID, "--json", stdin=ARCHITECTURE)
        assert (result.exit_code, result.stdout) == (130, "")
        assert made
        assert all(process._process.poll() is not None for process in made)


def fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def none_come(_: Tallies) -> None:
        raise error

    monkeypatch.setattr(Tallies, "__iter__", none_come)


def test_progress_is_for_terminals(isobudget: Isobudget, monkeypatch: pytest.MonkeyPatch) -> None:
    result = isobudget("feasible", "-", *ASKED, *GRID, stdin=ARCHITECTURE)
    assert "counting" not in result.stderr
    monkeypatch.setattr(notes, "_force_terminal", True)
    monkeypatch.setattr(notes, "is_interactive", True)
    monkeypatch.setenv("TERM", "xterm")
    result = isobudget("feasible", "-", *ASKED, *GRID, "--json", stdin=ARCHITECTURE)
    assert "counting" in result.stderr
    assert json.loads(result.stdout)


@pytest.mark.parametrize("nearest", ["0", "3"])
def test_tables_fit_80_columns(
    isobudget: Isobudget, monkeypatch: pytest.MonkeyPatch, nearest: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    options = ("--grid", "kernel_size=2,3", "--tolerance", "0.015:0", "--nearest", nearest)
    words = isobudget("feasible", "-", *options, "--resolution", "6:7", stdin=ARCHITECTURE).stdout
    assert max(map(len, words.splitlines())) <= 80
    assert "−1.5% +0%" in words


def test_the_example_of_the_documentation_prints_what_it_says(
    isobudget: Isobudget, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs/feasibility.md").read_text(encoding="utf-8")
    command, shown = re.findall(r"```(?:console|text)\n(.*?)```", page, flags=re.DOTALL)[:2]
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "80")
    printed = isobudget(*shlex.split(command)[1:]).stdout
    assert [line.rstrip() for line in printed.splitlines()] == shown.splitlines()
