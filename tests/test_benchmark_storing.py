import json
import sys

import pytest

from benchmarks import storing

pytestmark = pytest.mark.slow


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "QUICK", storing.Size(variants=2_000, rounds=1))


def printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *options: str
) -> str:
    monkeypatch.setattr(sys, "argv", ["storing", "--quick", *options])
    storing.main()
    return capsys.readouterr().out


@pytest.mark.postgres
@pytest.mark.usefixtures("small", "postgres_url")
def test_the_figures_are_printed_as_one_flat_object(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = json.loads(printed(monkeypatch, capsys, "--json"))

    assert figures.keys() == storing.GOALS.keys()
    assert all(figure > 0 for figure in figures.values())


@pytest.mark.usefixtures("small")
def test_without_a_server_its_figure_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = "postgresql+psycopg://postgres@127.0.0.1:1/postgres"
    monkeypatch.setattr("benchmarks.databases.POSTGRES_URL", nowhere)

    lines = printed(monkeypatch, capsys).splitlines()

    assert [line.split()[0] for line in lines] == ["store_ratio_sqlite", "page_ms"]
