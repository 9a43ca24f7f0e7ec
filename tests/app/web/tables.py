"""Reads the tables that pages lead to."""

import csv
import io
import re

from starlette.testclient import TestClient


def rows(client: TestClient, path: str) -> list[dict[str, str]]:
    """The rows of a table, which is sent as a file."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].endswith('.csv"')
    return list(csv.DictReader(io.StringIO(answer.text)))


def linked(client: TestClient, page: str, name: str = "") -> str:
    """The address of the table of this name that a page leads to, by default of its first one."""
    link = rf'href="([^"]*{name}\.csv[^"]*)" download>Download CSV'
    found = re.search(link, client.get(page).text)
    assert found, page
    return found[1].replace("&amp;", "&")


def linked_rows(client: TestClient, page: str, name: str) -> list[dict[str, str]]:
    """The rows of the table of this name that a page leads to."""
    return rows(client, linked(client, page, name))
