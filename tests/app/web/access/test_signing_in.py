import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient

from app.api.access import KEY_COOKIE
from app.config import Settings
from app.db.engine import Database
from app.keys import id_of, new_key
from app.main import create_app
from app.services import keys
from app.web.access.signing_in import local
from app.web.access.visitors import VISITOR_COOKIE
from tests.app.api.keys import ELSEWHERE, asking, bearing, key_of
from tests.factories import search_body

PEOPLE = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def browser(sqlite_database: Database) -> Iterator[TestClient]:
    """A browser on another machine, which needs a key."""
    with asking(sqlite_database, ELSEWHERE) as (client,):
        client.headers.update(PEOPLE)
        yield client


def token_in(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', page)
    assert found
    return found[1]


def sign_in(client: TestClient, key: str, following: str = "/") -> Any:
    token = token_in(client.get("/sign-in").text)
    return client.post("/sign-in", data={"csrf_token": token, "key": key, "next": following})


def test_people_are_sent_to_the_way_in_and_back(
    browser: TestClient, sqlite_database: Database
) -> None:
    sent = browser.get("/searches?state=failed")
    assert (sent.status_code, sent.headers["location"]) == (
        303,
        "/sign-in?next=%2Fsearches%3Fstate%3Dfailed",
    )
    assert 'value="/searches?state=failed"' in browser.get(sent.headers["location"]).text

    answer = sign_in(browser, key_of(sqlite_database), "/searches?state=failed")

    assert (answer.status_code, answer.headers["location"]) == (303, "/searches?state=failed")
    assert browser.get("/").status_code == 200


def test_the_key_is_a_cookie_that_neither_scripts_nor_other_sites_have_sent(
    browser: TestClient, sqlite_database: Database
) -> None:
    (cookie, _) = sign_in(browser, key_of(sqlite_database)).headers.get_list("set-cookie")

    assert cookie.startswith(f"{KEY_COOKIE}=isb_")
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie


def test_over_https_the_cookie_is_sent_over_nothing_else(sqlite_database: Database) -> None:
    with asking(sqlite_database, ELSEWHERE, base_url="https://testserver") as (client,):
        cookies = sign_in(client, key_of(sqlite_database)).headers.get_list("set-cookie")

    assert "Secure" in cookies[0]


def test_the_cookie_reads_the_api_and_does_not_write_it(
    browser: TestClient, sqlite_database: Database
) -> None:
    sign_in(browser, key_of(sqlite_database))

    assert browser.get("/v1/searches").status_code == 200
    assert browser.post("/v1/searches", json=search_body()).status_code == 401


@pytest.mark.parametrize("key", ["", "no key", f"isb_{0:016}_{0:064}", "é" * 3, "a" * 5_000])
def test_a_wrong_key_is_said_to_be_wrong_and_kept_nowhere(browser: TestClient, key: str) -> None:
    answer = sign_in(browser, key)

    assert answer.status_code == 401
    assert 'role="alert"' in answer.text
    assert KEY_COOKIE not in browser.cookies
    assert not key or key not in answer.text


def test_too_many_wrong_keys_are_refused_unread(sqlite_database: Database) -> None:
    with asking(sqlite_database, ELSEWHERE, auth_failure_limit="2/hour") as (client,):
        codes = [sign_in(client, new_key()).status_code for _ in range(4)]

    assert codes == [401, 401, 429, 429]


def test_a_revoked_key_leads_to_the_way_in(browser: TestClient, sqlite_database: Database) -> None:
    key = key_of(sqlite_database)
    sign_in(browser, key)
    keys.revoke(sqlite_database, id_of(key) or "")
    browser.app.state.keyring._known.clear()  # type: ignore[attr-defined]

    assert browser.get("/").headers["location"] == "/sign-in?next=%2F"


def test_signing_out_forgets_the_key(browser: TestClient, sqlite_database: Database) -> None:
    sign_in(browser, key_of(sqlite_database))
    page = browser.get("/").text
    assert "Sign out" in page

    answer = browser.post("/sign-out", data={"csrf_token": token_in(page)})

    assert answer.headers["location"] == "/sign-in"
    assert KEY_COOKIE not in browser.cookies
    assert browser.get("/").status_code == 303


def test_a_key_to_read_sends_no_form_and_is_told_so_on_a_page(
    browser: TestClient, sqlite_database: Database
) -> None:
    sign_in(browser, key_of(sqlite_database, "read"))

    answer = browser.post("/sign-out", data={"csrf_token": token_in(browser.get("/").text)})

    assert answer.status_code == 403
    assert "this key may only read" in answer.text.lower()
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "x",
        "",
        "/\t/e",
    ],
)
def test_nobody_is_led_elsewhere(address: str) -> None:
    assert local(address) == "/"
    assert local(f"/searches?next={quote(address)}") == f"/searches?next={quote(address)}"


class TestForms:
    @pytest.fixture
    def here(self, sqlite_client: TestClient) -> TestClient:
        return sqlite_client

    def forms(self) -> list[str]:
        routes = iter_route_contexts(create_app(Settings(solver_processes=0)).routes)
        found = [
            str(route.path).replace("{id}", "x")
            for route in routes
            if route.methods and "POST" in route.methods
        ]
        return [path for path in found if not path.startswith("/v1/")]

    def test_no_form_is_taken_without_the_visitors_token(self, here: TestClient) -> None:
        token = token_in(here.get("/sign-in").text)
        here.cookies.clear()
        assert "/sign-out" in self.forms()
        for path in self.forms():
            for data in ({}, {"csrf_token": ""}, {"csrf_token": "no"}, {"csrf_token": token}):
                answer = here.post(path, data=data, headers=PEOPLE)
                assert answer.status_code in (403, 415), path
                assert answer.headers["content-type"].startswith("text/html")

    def test_a_token_of_another_visitor_is_worth_nothing(self, here: TestClient) -> None:
        others = token_in(here.get("/sign-in").text)
        here.cookies.clear()
        own = token_in(here.get("/sign-in").text)

        assert own != others
        for token, status in ((others, 403), (own, 303)):
            answer = here.post("/sign-out", data={"csrf_token": token}, follow_redirects=False)
            assert answer.status_code == status

    def test_the_visitor_is_remembered_by_a_cookie_that_no_script_reads(
        self, here: TestClient
    ) -> None:
        answer = here.get("/sign-in")

        assert "HttpOnly; Path=/; SameSite=strict" in answer.headers["set-cookie"]
        assert VISITOR_COOKIE in here.cookies
        assert "set-cookie" not in here.get("/sign-in").headers

    def test_a_key_in_a_header_needs_no_token(
        self, here: TestClient, sqlite_database: Database
    ) -> None:
        headers = bearing(key_of(sqlite_database))

        answer = here.post("/sign-out", headers=headers, follow_redirects=False)

        assert answer.status_code == 303
