"""Who is let in: proved for every route, with every kind of key."""

import json
import logging
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from fastapi.routing import iter_route_contexts
from sqlalchemy import select, update
from starlette.testclient import TestClient

from app.api.access import OPEN_FOLDER, OPEN_PATHS, Doorkeeper, Guarded
from app.config import Settings
from app.db.engine import Database
from app.db.models import ApiKeyRow, Base
from app.db.types import database_time
from app.keys import Caller, id_of, new_key
from app.logs import ACCESS_LOG, JsonFormatter
from app.main import create_app
from app.services import keys
from app.services.keys import FRESH_SECONDS, Keyring
from tests.app.api.keys import ELSEWHERE, asking, bearing, key_of
from tests.factories import search_body

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY")
UNKNOWN = ("/nothing", "/v1/", "/v1/jobs/", "/docs/", "//", "/healthz/", "/healthz/x", "/READYZ")


def paths() -> list[str]:
    """The path of every route, also of those that the document leaves out, and paths of none."""
    found = []
    for route in iter_route_contexts(create_app(Settings(solver_processes=0)).routes):
        path = str(route.path).replace("{id}", "x")
        found += [path] if route.methods else [path, f"{path}/swagger-ui-bundle.js"]
    return list(dict.fromkeys([*found, *UNKNOWN]))


CALLS = [
    (method, path)
    for path in paths()
    for method in METHODS
    if path not in OPEN_PATHS and not path.startswith(OPEN_FOLDER)
]


@pytest.fixture
def elsewhere(sqlite_database: Database) -> Iterator[TestClient]:
    """A client on another machine, as often as it likes."""
    free = {"rate_limit": "off", "auth_failure_limit": "off"}
    with asking(sqlite_database, ELSEWHERE, **free) as (client,):
        yield client


def refusals(client: TestClient, headers: dict[str, str], status: int) -> set[str]:
    """What every route says; each must refuse with a problem."""
    said = set()
    for method, path in CALLS:
        answer = client.request(method, path, headers=headers)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code}"
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
        assert answer.headers["X-Request-ID"]
        if method != "HEAD":
            said.add(answer.json()["detail"])
    return said


def test_the_walk_covers_the_whole_application() -> None:
    found = paths()
    assert len(found) > 20
    for path in ("/", "/docs", "/openapi.json", "/metrics", "/v1/jobs/x/events", "/v1/searches"):
        assert path in found
    assert "/static-offline-docs/swagger-ui-bundle.js" in found
    assert set(create_app(Settings(solver_processes=0)).openapi()["paths"]) <= {
        path.replace("/x", "/{id}") for path in found
    }


def test_only_three_paths_and_a_folder_are_open() -> None:
    assert {"/healthz", "/readyz", "/sign-in"} == OPEN_PATHS
    assert OPEN_FOLDER == "/static/"


def test_no_route_answers_without_a_key(elsewhere: TestClient) -> None:
    (said,) = refusals(elsewhere, {}, 401)
    assert "isobudget keys create" in said


@pytest.mark.parametrize(
    "value",
    [
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNzd29yZA==",
        "Bearer x",
        "bearer isb_0123456789abcdef_",
        "Bearer isb_0123456789abcdef_" + "0" * 64 + "\u00e9",
        "Bearer isb_0123456789ABCDEF_" + "0" * 64,
        "Bearer " + "a" * 5_000,
        "Bearer isb_٠١٢٣٤٥٦٧٨٩٠١٢٣٤٥_" + "0" * 64,
    ],
)
def test_what_is_no_key_opens_nothing(elsewhere: TestClient, value: str) -> None:
    answer = elsewhere.get("/v1/jobs", headers=[(b"Authorization", value.encode())])

    assert answer.status_code == 401
    assert len(answer.content) < 500


def test_no_route_answers_to_a_key_that_nobody_made(elsewhere: TestClient) -> None:
    assert refusals(elsewhere, bearing(new_key()), 401) == {"this key is not valid"}


def test_no_route_answers_to_the_id_of_a_key_with_another_secret(
    elsewhere: TestClient, sqlite_database: Database
) -> None:
    key = key_of(sqlite_database)
    wrong = f"isb_{id_of(key)}_{new_key().rpartition('_')[2]}"

    assert refusals(elsewhere, bearing(wrong), 401) == {"this key is not valid"}


def test_no_route_answers_to_a_revoked_key(
    elsewhere: TestClient, sqlite_database: Database
) -> None:
    key = key_of(sqlite_database)
    keys.revoke(sqlite_database, id_of(key) or "")

    assert refusals(elsewhere, bearing(key), 401) == {"this key was revoked"}


def test_no_route_answers_to_an_expired_key(
    elsewhere: TestClient, sqlite_database: Database
) -> None:
    key = key_of(sqlite_database, seconds=1)
    with sqlite_database.write() as session:
        session.execute(update(ApiKeyRow).values(expires_at=database_time(-1)))

    assert refusals(elsewhere, bearing(key), 401) == {"this key has expired"}


def test_a_key_to_read_changes_nothing(elsewhere: TestClient, sqlite_database: Database) -> None:
    read = bearing(key_of(sqlite_database, "read"))
    for method, path in CALLS:
        answer = elsewhere.request(method, path, headers=read)
        if method in ("GET", "HEAD", "OPTIONS"):
            assert answer.status_code not in (401, 403), f"{method} {path}"
        else:
            assert answer.status_code == 403, f"{method} {path}"
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]


def test_a_key_to_write_opens_every_route(elsewhere: TestClient, sqlite_database: Database) -> None:
    write = bearing(key_of(sqlite_database))
    for method, path in CALLS:
        answer = elsewhere.request(method, path, headers=write)
        assert answer.status_code not in (401, 403, 500), f"{method} {path}"


def test_health_is_told_to_anyone(sqlite_database: Database) -> None:
    once = {"rate_limit": "1/hour", "auth_failure_limit": "1/hour"}
    with asking(sqlite_database, ELSEWHERE, require_key="always", **once) as (client,):
        for path in sorted(OPEN_PATHS) * 3:
            assert client.get(path).status_code == 200
            assert client.get(path, headers=bearing("wrong")).status_code == 200


def test_keys_are_known_on_both_databases(database: Database) -> None:
    with asking(database, ELSEWHERE) as (client,):
        valid, revoked, expired = (key_of(database, seconds=s) for s in (None, None, 1e-3))
        keys.revoke(database, id_of(revoked) or "")
        time.sleep(0.01)
        codes = [
            client.get("/v1/jobs", headers=bearing(key)).status_code
            for key in (valid, revoked, expired, new_key())
        ]
    assert codes == [200, 401, 401, 401]


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "127.8.9.10", "[::ffff:127.0.0.1]"])
def test_this_machine_needs_no_key(sqlite_database: Database, host: str) -> None:
    client = host.strip("[]")
    with asking(sqlite_database, (client, 1), base_url=f"http://{host}") as (here,):
        assert here.get("/v1/jobs").status_code == 200


@pytest.mark.parametrize(
    ("client", "server"),
    [
        ("192.0.2.1", "127.0.0.1"),  # as a trusted proxy tells
        ("127.0.0.1", "192.0.2.2"),
        ("192.0.2.1", "0.0.0.0"),
        ("10.0.0.1", "10.0.0.2"),
        ("::2", "::1"),
        ("", "127.0.0.1"),
        ("127.0.0.1.example.org", "127.0.0.1"),
        ("127.0.0.1", "unix.sock"),
    ],
)
def test_both_ends_must_be_on_this_machine(
    sqlite_database: Database, client: str, server: str
) -> None:
    host = f"[{server}]" if ":" in server else server
    with asking(sqlite_database, (client, 1), base_url=f"http://{host}") as (other,):
        assert other.get("/v1/jobs").status_code == 401


def test_where_keys_are_always_needed_this_machine_needs_one_too(
    sqlite_database: Database,
) -> None:
    here = ("127.0.0.1", 1)
    always = {"require_key": "always", "base_url": "http://127.0.0.1"}
    with asking(sqlite_database, here, **always) as (client,):
        assert client.get("/v1/jobs").status_code == 401
        key = bearing(key_of(sqlite_database))
        assert client.get("/v1/jobs", headers=key).status_code == 200


def test_a_wrong_key_is_refused_also_where_none_is_needed(sqlite_client: TestClient) -> None:
    assert sqlite_client.get("/v1/jobs", headers=bearing(new_key())).status_code == 401


def test_a_web_socket_is_closed() -> None:
    sent: list[Any] = []

    async def reached(*_: Any) -> None:
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    guarded = Guarded(reached, "auto", "off", Doorkeeper("off"))
    scope = {"type": "websocket", "path": "/healthz", "client": ("127.0.0.1", 1), "headers": []}
    coroutine = guarded(scope, receive, send)
    with pytest.raises(StopIteration):
        coroutine.send(None)
    assert sent == [{"type": "websocket.close", "code": 1008}]


def counted(keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys that the database is asked for, from now on."""
    asked: list[str] = []
    look_up = keyring.look_up

    def look_up_counted(key: str) -> Caller:
        asked.append(key)
        return look_up(key)

    monkeypatch.setattr(keyring, "look_up", look_up_counted)
    return asked


class TestRevocation:
    def test_a_key_in_use_is_refused_within_five_seconds(
        self, elsewhere: TestClient, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert FRESH_SECONDS < 5
        key = key_of(sqlite_database)
        now = time.monotonic()
        keyring = elsewhere.app.state.keyring  # type: ignore[attr-defined]
        monkeypatch.setattr(keyring, "_clock", lambda: now)
        assert elsewhere.get("/v1/jobs", headers=bearing(key)).status_code == 200
        keys.revoke(sqlite_database, id_of(key) or "")

        now += FRESH_SECONDS

        assert elsewhere.get("/v1/jobs", headers=bearing(key)).status_code == 401
        assert keyring.remembered(key) is None
        assert not keyring.was_valid(key)

    def test_a_key_in_use_is_not_looked_up_for_each_request(
        self, elsewhere: TestClient, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keyring = elsewhere.app.state.keyring  # type: ignore[attr-defined]
        asked = counted(keyring, monkeypatch)
        monkeypatch.setattr(keyring, "_clock", lambda: 0.0)
        key = key_of(sqlite_database)
        for _ in range(5):
            assert elsewhere.get("/v1/jobs", headers=bearing(key)).status_code == 200
        assert asked == [key]


class TestBootstrapKey:
    def test_it_is_valid_though_the_database_does_not_know_it(
        self, sqlite_database: Database, tmp_path: Any
    ) -> None:
        key = new_key()
        (tmp_path / "key").write_text(f"{key}\n")
        for given in ({"bootstrap_key": key}, {"bootstrap_key_file": tmp_path / "key"}):
            with asking(sqlite_database, ELSEWHERE, **given) as (client,):
                assert client.get("/v1/jobs", headers=bearing(key)).status_code == 200
                assert client.get("/v1/jobs", headers=bearing(new_key())).status_code == 401
                assert client.get("/v1/jobs").status_code == 401

    @pytest.mark.parametrize("text", ["secret", "isb_1_2", "ISB_" + "0" * 16 + "_" + "0" * 64])
    def test_a_weak_one_is_refused_before_anything_starts(self, text: str) -> None:
        with pytest.raises(keys.UnusableKeyError, match="BOOTSTRAP_KEY holds no key") as refused:
            create_app(Settings(bootstrap_key=text))
        assert text not in str(refused.value)


class TestSecrecy:
    def test_neither_the_database_nor_the_log_holds_a_key(
        self, sqlite_database: Database, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        caplog.handler.setFormatter(JsonFormatter())
        made = [key_of(sqlite_database) for _ in range(20)]
        with asking(sqlite_database, ELSEWHERE, rate_limit="5/minute") as (client,):
            for key in made:
                assert key not in client.get("/v1/jobs", headers=bearing(key)).text
                wrong = key[:-1] + ("0" if key[-1] != "0" else "1")
                assert wrong not in client.get("/v1/jobs", headers=bearing(wrong)).text
        with sqlite_database.read() as session:
            stored = repr([session.execute(select(t)).all() for t in Base.metadata.tables.values()])
        assert (id_of(made[0]) or "") in stored
        for key in made:
            secret = key.rpartition("_")[2]
            assert secret not in stored
            assert secret[:-1] not in caplog.text

    def test_the_log_names_the_key_that_a_request_came_with(
        self, elsewhere: TestClient, sqlite_database: Database, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        key = key_of(sqlite_database)
        app = elsewhere.app

        async def server(scope: Any, receive: Any, send: Any) -> None:
            async def logging_send(message: Any) -> None:
                logging.getLogger(ACCESS_LOG).info("answered")
                await send(message)

            await app(scope, receive, logging_send)

        seen: list[dict[str, Any]] = []
        handler = logging.Handler()
        handler.emit = lambda record: seen.append(  # type: ignore[method-assign]
            json.loads(JsonFormatter().format(record))
        )
        logging.getLogger(ACCESS_LOG).addHandler(handler)
        try:
            TestClient(server, client=ELSEWHERE).get("/v1/jobs", headers=bearing(key))
        finally:
            logging.getLogger(ACCESS_LOG).removeHandler(handler)
        assert {line["key_id"] for line in seen} == {id_of(key)}


class TestRates:
    def test_a_key_may_not_ask_more_often_than_its_limit(self, sqlite_database: Database) -> None:
        with asking(sqlite_database, ELSEWHERE, rate_limit="3/hour") as (client,):
            mine, other = (bearing(key_of(sqlite_database)) for _ in range(2))
            answers = [client.get("/v1/jobs", headers=mine) for _ in range(5)]
            assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
            assert client.get("/v1/jobs", headers=other).status_code == 200
        assert [answer.headers["RateLimit"].split(";")[1] for answer in answers] == [
            *("r=2", "r=1", "r=0", "r=0", "r=0")
        ]
        assert answers[0].headers["RateLimit-Policy"] == '"default";q=3;w=3600'
        assert answers[-1].headers["Content-Type"] == "application/problem+json"
        assert 3_500 < int(answers[-1].headers["Retry-After"]) <= 3_600

    def test_it_may_ask_again_when_the_time_is_over(
        self, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with asking(sqlite_database, ELSEWHERE, rate_limit="1/minute") as (client,):
            key = bearing(key_of(sqlite_database))
            codes = [client.get("/v1/jobs", headers=key).status_code for _ in range(2)]
            later = time.time() + 60
            monkeypatch.setattr("app.api.rates.time.time", lambda: later)
            codes.append(client.get("/v1/jobs", headers=key).status_code)
        assert codes == [200, 429, 200]

    def test_who_has_no_key_is_counted_by_address(self, sqlite_database: Database) -> None:
        with asking(sqlite_database, ELSEWHERE, ("192.0.2.9", 1), rate_limit="2/hour") as clients:
            codes = [clients[0].get("/v1/jobs").status_code for _ in range(4)]
            other = clients[1].get("/v1/jobs").status_code
        assert codes == [401, 401, 429, 429]
        assert other == 401

    def test_wrong_keys_soon_cost_the_database_nothing(
        self, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with asking(sqlite_database, ELSEWHERE, auth_failure_limit="3/hour") as (client,):
            keyring = client.app.state.keyring  # type: ignore[attr-defined]
            asked = counted(keyring, monkeypatch)
            codes = [
                client.get("/v1/jobs", headers=bearing(new_key())).status_code for _ in range(6)
            ]
        assert codes == [401, 401, 401, 429, 429, 429]
        assert len(asked) == 3

    def test_who_guesses_does_not_lock_out_a_neighbour_whose_key_was_valid(
        self, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Both come through one proxy, for instance."""
        with asking(sqlite_database, ELSEWHERE, auth_failure_limit="3/hour") as (client,):
            key = bearing(key_of(sqlite_database))
            assert client.get("/v1/jobs", headers=key).status_code == 200
            for _ in range(6):
                client.get("/v1/jobs", headers=bearing(new_key()))
            keyring = client.app.state.keyring  # type: ignore[attr-defined]
            later = time.monotonic() + 60
            monkeypatch.setattr(keyring, "_clock", lambda: later)
            assert client.get("/v1/jobs", headers=key).status_code == 200

    def test_this_machine_is_not_limited_without_a_key(self, sqlite_database: Database) -> None:
        here = {"base_url": "http://127.0.0.1", "rate_limit": "1/hour"}
        with asking(sqlite_database, ("127.0.0.1", 1), **here) as (client,):
            answers = [client.get("/v1/jobs") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        assert "RateLimit" not in answers[0].headers


class TestIdempotencyKeys:
    def test_two_keys_of_the_api_do_not_meet_each_others(self, database: Database) -> None:
        with asking(database, ELSEWHERE) as (client,):
            mine, other = (bearing(key_of(database)) for _ in range(2))

            def post(key: dict[str, str], **changes: Any) -> httpx2.Response:
                headers = {**key, "Idempotency-Key": "same", "Prefer": "wait=0"}
                return client.post("/v1/searches", json=search_body(**changes), headers=headers)

            first, again = post(mine), post(mine)
            others = post(other, limit=7)
        assert first.json()["id"] == again.json()["id"]
        assert others.status_code == 202
        assert others.json()["id"] != first.json()["id"]


class TestDocument:
    def test_it_declares_keys_for_every_operation_but_health(
        self, sqlite_client: TestClient
    ) -> None:
        document = sqlite_client.get("/openapi.json").json()
        assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
        for path, item in document["paths"].items():
            for operation in item.values():
                wanted: list[dict[str, Any]] = [] if path in OPEN_PATHS else [{"key": []}, {}]
                assert operation["security"] == wanted
                assert ("401" in operation["responses"]) == (path not in OPEN_PATHS)

    def test_where_keys_are_always_needed_it_says_so(self) -> None:
        app = create_app(Settings(solver_processes=0, require_key="always"))
        assert app.openapi()["paths"]["/v1/jobs"]["get"]["security"] == [{"key": []}]
