"""Which of the solutions ``isobudget solve`` asks for, shows and counts."""

import json
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

from app.cli.solve import progress
from app.shipped import example
from solver.answers.search import solve
from solver.answers.variants import Answer
from solver.problem import Best, Find, Sample, Settings, SolveRequest
from solver.processes.process import SolverFailedError, SolverProcess, SolverTimeoutError
from tests.app.cli.conftest import Isobudget

SEARCH = {**example("digits-search"), "ranges": {"resolution": [8, 8]}}
REQUEST = json.dumps(SEARCH)

Sent = list[SolveRequest]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """The requests that reach the child, which answers all solutions whatever is asked for."""
    requests: Sent = []

    def answered(_: SolverProcess, request: SolveRequest, __: object) -> Answer:
        requests.append(request)
        return solve(request.problem, Settings(limit=request.settings.limit))

    monkeypatch.setattr(SolverProcess, "solve", answered)
    return requests


def with_find(find: object) -> str:
    return json.dumps({**SEARCH, "find": find})


@pytest.mark.parametrize(
    ("options", "find"),
    [
        ((), "all"),
        (("--sample", "7"), Sample(sample=7)),
        (("--sample", "7", "--seed", "3"), Sample(sample=7, seed=3)),
        (("--best", "max_resolution"), Best(best="max_resolution")),
        (
            ("--best", "min_flops", "--top", "3", "--diverse"),
            Best(best="min_flops", top=3, diverse=True),
        ),
    ],
)
def test_options_say_which_solutions_are_asked_for(
    isobudget: Isobudget, sent: Sent, options: tuple[str, ...], find: Find
) -> None:
    assert isobudget("solve", "-", *options, stdin=REQUEST).exit_code == 0
    assert sent[0].settings.find == find


@pytest.mark.parametrize(
    ("options", "own", "find"),
    [
        ((), {"sample": 5, "seed": 2}, Sample(sample=5, seed=2)),
        (("--seed", "3"), {"sample": 5, "seed": 2}, Sample(sample=5, seed=3)),
        (("--sample", "7"), {"sample": 5, "seed": 2}, Sample(sample=7, seed=2)),
        (("--sample", "7"), {"best": "min_flops", "top": 2}, Sample(sample=7)),
        (("--sample", "7"), "some", Sample(sample=7)),
        (("--top", "7"), {"best": "min_flops"}, Best(best="min_flops", top=7)),
        (
            ("--no-diverse",),
            {"best": "min_flops", "diverse": True, "top": 2},
            Best(best="min_flops", top=2),
        ),
        (
            ("--best", "max_coverage"),
            {"best": "min_flops", "diverse": True},
            Best(best="max_coverage", diverse=True),
        ),
    ],
)
def test_options_override_what_the_file_asks_for(
    isobudget: Isobudget, sent: Sent, options: tuple[str, ...], own: object, find: Find
) -> None:
    assert isobudget("solve", "-", *options, stdin=with_find(own)).exit_code == 0
    assert sent[0].settings.find == find


@pytest.mark.parametrize(
    ("options", "faults"),
    [
        (
            ("--sample", "3", "--best", "min_flops"),
            ["--best: it does not go with --sample; give one of the two"],
        ),
        (("--seed", "3"), ["--seed: it goes with --sample K, which is missing"]),
        (
            ("--top", "3", "--diverse"),
            [
                "--top: it goes with --best OBJECTIVE, which is missing",
                "--diverse: it goes with --best OBJECTIVE, which is missing",
            ],
        ),
        (
            ("--sample", "3", "--no-diverse"),
            ["--diverse: it goes with --best OBJECTIVE, not with --sample"],
        ),
        (("--sample", "0"), ["--sample: expected a whole number from 1 to 1,000,000; this is 0"]),
        (
            ("--sample", "1", "--seed", "-1"),
            ["--seed: expected a whole number from 0 to 2,147,483,647; this is -1"],
        ),
        (
            ("--best", "fast", "--top", "0", "--seed", "1"),
            [
                "--seed: it goes with --sample K, not with --best",
                '--best: expected "closest", "max_resolution", "fewest_changes"',
                "--top: expected a whole number from 1 to 1,000; this is 0",
            ],
        ),
        (
            ("--count", "--limit", "5", "--sample", "3"),
            ["--count: it counts all solutions and shows none; leave out --sample, --limit"],
        ),
    ],
)
def test_options_that_do_not_go_together_are_usage_errors_in_words(
    isobudget: Isobudget, options: tuple[str, ...], faults: list[str]
) -> None:
    result = isobudget("solve", "-", *options, "--json", stdin=REQUEST)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1 + len(faults)
    assert all(f"  {fault}" in result.stderr for fault in faults)


@pytest.mark.parametrize(
    ("find", "fault"),
    [
        ({"sample": 0}, "find/sample: expected a whole number from 1 to 1,000,000"),
        ({"sample": 1, "colour": 2}, "find/colour: unknown key 'colour'"),
        ({"best": "min_flops", "top": 0}, "find/top: expected a whole number from 1 to 1,000"),
        ("some", 'find: write "all", {"sample": 100} or {"best": "max_resolution"}'),
    ],
)
def test_faults_in_what_the_file_asks_for_are_named_by_their_places(
    isobudget: Isobudget, find: object, fault: str
) -> None:
    result = isobudget("solve", "-", stdin=with_find(find))
    assert result.exit_code == 2
    assert f"  {fault}" in result.stderr


@pytest.mark.parametrize(
    ("options", "title"),
    [
        ((), "the first 20 of 476"),
        (("--sample", "7", "--seed", "3"), "a uniform sample of 476 of 476 (seed 3); the first 20"),
        (("--best", "min_flops"), "the best 476 of 476 by min_flops; the first 20"),
        (
            ("--best", "min_flops", "--diverse"),
            "the best 476 diverse ones of 476 by min_flops; the first 20",
        ),
        (("--sample", "7", "--limit", "9"), "a uniform sample of 9 of 476 (seed 0)"),
        (("--limit", "9"), "9 of 476, drawn uniformly"),
        (("--limit", "90"), "90 of 476, drawn uniformly; the first 20"),
    ],
)
@pytest.mark.usefixtures("sent")
def test_the_table_says_what_it_shows(
    isobudget: Isobudget, options: tuple[str, ...], title: str
) -> None:
    lines = isobudget("solve", "-", *options, stdin=REQUEST).stdout.splitlines()
    assert lines[1].strip() == title


@pytest.mark.usefixtures("sent")
def test_an_answer_with_some_of_the_solutions_does_not_claim_all(isobudget: Isobudget) -> None:
    assert "every solution is there" in isobudget("solve", "-", stdin=REQUEST).stdout
    chosen = isobudget("solve", "-", "--sample", "3", stdin=REQUEST).stdout
    assert "complete: 476 variants; those asked for are shown" in chosen


class TestTimeRanOut:
    """What is shown is of what was found, and is not called anything of all."""

    @pytest.fixture(autouse=True)
    def _stopped(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A child that found some of the solutions in time."""

        def late(_: SolverProcess, request: SolveRequest, __: object) -> Answer:
            answer = solve(request.problem, request.settings)
            return answer.model_copy(update={"outcome": "timed_out", "found": 476})

        monkeypatch.setattr(SolverProcess, "solve", late)

    @pytest.mark.parametrize(
        ("options", "title"),
        [
            (("--sample", "5"), "a sample of 5 of the 476 that were found, not of all (seed 0)"),
            (
                ("--best", "min_flops", "--top", "3"),
                "the best 3 by min_flops, of the 476 that were found, not of all",
            ),
            (("--limit", "9"), "9 of the 476 that were found, not of all, drawn uniformly"),
            ((), "the first 20 of the 476 that were found, not of all"),
        ],
    )
    def test_in_words(self, isobudget: Isobudget, options: tuple[str, ...], title: str) -> None:
        result = isobudget("solve", "-", *options, stdin=REQUEST)
        outcome, *lines = result.stdout.splitlines()
        assert result.exit_code == 4
        assert outcome == "timed_out: 476 variants found; time ran out, so that there may be more"
        assert lines[0].strip() == title

    def test_in_json(self, isobudget: Isobudget) -> None:
        result = isobudget("solve", "-", "--sample", "5", "--json", stdin=REQUEST)
        answer = json.loads(result.stdout)
        assert result.exit_code == 4
        assert (answer["outcome"], len(answer["variants"])) == ("timed_out", 5)


def test_the_best_of_solutions_that_nobody_counted_are_called_the_best_of_all(
    isobudget: Isobudget, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CP-SAT looks for them one by one, and for one more: then it knows of that many."""

    def one_more(_: SolverProcess, request: SolveRequest, __: object) -> Answer:
        return solve(request.problem, request.settings).model_copy(update={"found": 4})

    monkeypatch.setattr(SolverProcess, "solve", one_more)
    result = isobudget("solve", "-", "--best", "min_flops", "--top", "3", stdin=REQUEST)
    outcome, title, *_ = result.stdout.splitlines()
    assert result.exit_code == 0
    assert outcome == "truncated: at least 4 variants; those asked for are shown"
    assert title.strip() == "the best 3 of all by min_flops"


def test_a_solver_that_is_killed_is_told_with_what_it_had_found(
    isobudget: Isobudget, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_: SolverProcess, __: SolveRequest, look: Callable[[int], None]) -> None:
        look(600_000)
        raise SolverTimeoutError("killed")

    monkeypatch.setattr(SolverProcess, "solve", killed)
    result = isobudget("solve", "-", stdin=REQUEST)
    assert (result.exit_code, result.stdout) == (
        4,
        "timed_out: 600,000 variants found; time ran out, so that there may be more\n",
    )


class TestCount:
    @pytest.mark.slow
    def test_it_prints_only_how_many_there_are(self, isobudget: Isobudget) -> None:
        result = isobudget("solve", "-", "--count", stdin=REQUEST)
        assert (result.exit_code, result.stdout) == (0, "476 variants\n")

    @pytest.mark.slow
    def test_it_is_json_too(self, isobudget: Isobudget) -> None:
        result = isobudget("solve", "-", "--count", "--json", stdin=with_find({"sample": 3}))
        assert result.exit_code == 0
        assert json.loads(result.stdout) == {"found": 476, "outcome": "complete"}

    @pytest.mark.slow
    def test_none_at_all_is_infeasible(self, isobudget: Isobudget) -> None:
        options = ("--out-channels", "200:300", "--count")
        result = isobudget("solve", "-", *options, stdin=REQUEST)
        assert (result.exit_code, result.stdout) == (3, "0 variants\n")
        result = isobudget("solve", "-", *options, "--json", stdin=REQUEST)
        assert result.exit_code == 3
        assert json.loads(result.stdout) == {"found": 0, "outcome": "infeasible"}

    @pytest.mark.parametrize("error", [None, SolverTimeoutError("killed")])
    def test_what_could_not_be_counted_in_time_is_not_known(
        self, isobudget: Isobudget, monkeypatch: pytest.MonkeyPatch, error: Exception | None
    ) -> None:
        monkeypatch.setattr(SolverProcess, "tally", ending(error))
        result = isobudget("solve", "-", "--count", "--json", stdin=REQUEST)
        assert result.exit_code == 4
        assert json.loads(result.stdout) == {"found": None, "outcome": "timed_out"}
        result = isobudget("solve", "-", "--count", "--time-limit", "2", stdin=REQUEST)
        assert result.exit_code == 4
        assert result.stdout == "timed_out: not counted in 2 s; give it more with --time-limit\n"

    def test_a_counter_that_fails_ends_with_its_reason(
        self, isobudget: Isobudget, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(SolverProcess, "tally", ending(SolverFailedError("out of memory")))
        result = isobudget("solve", "-", "--count", stdin=REQUEST)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "out of memory" in result.stderr

    def test_an_interrupt_ends_without_a_traceback(
        self, isobudget: Isobudget, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(SolverProcess, "tally", ending(KeyboardInterrupt()))
        result = isobudget("solve", "-", "--count", "--json", stdin=REQUEST)
        assert (result.exit_code, result.stdout) == (130, "")


def ending(error: BaseException | None) -> Callable[[SolverProcess, Any], None]:
    """A tally that ends like this."""

    def tally(_: SolverProcess, __: object) -> None:
        if error:
            raise error

    return tally


def test_the_status_line_tells_how_far_a_long_solve_is() -> None:
    assert progress(0.9, 12) == "solving …"
    assert progress(12.3, 12_345) == "solving … 12 s, 12,345 found"


def test_the_status_line_is_told_how_many_were_found(
    isobudget: Isobudget, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(_: SolverProcess, request: SolveRequest, look: Callable[[int], None]) -> Answer:
        look(345)
        return solve(request.problem, request.settings)

    def noted(_: float, found: int) -> str:
        told_of.append(found)
        return ""

    told_of: list[int] = []
    monkeypatch.setattr(import_module("app.cli.solve"), "progress", noted)
    monkeypatch.setattr(SolverProcess, "solve", told)
    assert isobudget("solve", "-", stdin=REQUEST).exit_code == 0
    assert told_of == [0, 345]
