"""Tables become frames, where pandas is installed."""

import sys

import httpx2
import pytest

from app.client import PandasMissingError
from tests.app.client.factories import Script, answer
from tests.app.views import JOB_ID, SEARCH_ID, job_view, search_view

TABLE = b"network,seed,test_accuracy\r\noriginal,0,0.5\r\noriginal,1,\r\n"


def table(_: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(200, content=TABLE)


def test_runs_are_lines_of_a_frame() -> None:
    script = Script(answer(job_view()), table)
    frame = script.client().job(JOB_ID).to_pandas()
    assert list(frame.columns) == ["network", "seed", "test_accuracy"]
    assert frame["test_accuracy"].isna().tolist() == [False, True]
    assert script.calls[1:] == [f"GET /v1/jobs/{JOB_ID}/results.csv"]


def test_variants_are_fetched_as_tables() -> None:
    script = Script(answer(search_view()), table)
    client = script.client()
    client.get_search(SEARCH_ID).to_pandas()
    client.variants_to_pandas(approach="IV")
    assert script.calls[1:] == [
        f"GET /v1/searches/{SEARCH_ID}/variants.csv",
        "GET /v1/variants.csv?approach=IV",
    ]


def test_without_pandas_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    job = Script(answer(job_view()), table).client().job(JOB_ID)
    with pytest.raises(PandasMissingError, match="pip install pandas"):
        job.to_pandas()
