import json
import sys

import pytest

from benchmarks import queue

pytestmark = pytest.mark.slow

TINY = queue.Size(40, 80, 100, claims=20, rounds=2, networks=2, epochs=1)


def printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setattr(queue, "QUICK", TINY)
    # So few networks could all be trained by one of two workers: nothing to compare.
    monkeypatch.setattr(queue, "_rate", lambda size, workers: float(workers))
    monkeypatch.setattr(sys, "argv", ["queue", "--quick", "--json"])
    queue.main()
    return capsys.readouterr().out


@pytest.mark.postgres
@pytest.mark.usefixtures("postgres_url")
def test_the_figures_are_printed_as_one_flat_object(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = json.loads(printed(monkeypatch, capsys))

    assert figures.keys() == queue.GOALS.keys()
    assert all(figure > 0 for figure in figures.values())


def test_without_a_server_its_figure_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = "postgresql+psycopg://postgres@127.0.0.1:1/postgres"
    monkeypatch.setattr("benchmarks.databases.POSTGRES_URL", nowhere)

    figures = json.loads(printed(monkeypatch, capsys))

    assert figures.keys() == queue.GOALS.keys() - {"claims_postgres"}


def test_what_a_worker_trains_is_timed_by_the_database() -> None:
    assert queue._rate(TINY, workers=1) > 0
