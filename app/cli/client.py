"""A thin client of the HTTP API: it waits, follows pages, and puts refusals into words."""

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import httpx2

from app.states import FINAL

LOOK_SECONDS: Final = 0.3
TIMEOUT_SECONDS: Final = 90.0


class ServiceError(RuntimeError):
    """The API did not do what it was asked; the text says why."""


class Client:
    """Talks to one API.

    ``check`` is called at every look while waiting, and an exception from it ends the wait.
    ``transport`` takes the place of the network in tests.
    """

    def __init__(
        self,
        url: str,
        check: Callable[[], None],
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._http = httpx2.Client(
            base_url=url, timeout=TIMEOUT_SECONDS, trust_env=False, transport=transport
        )
        self._check = check

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def wait_until_ready(self, seconds: float) -> None:
        """Wait until the API answers and its database is migrated.

        Raises
        ------
        ServiceError
            The API was not ready after ``seconds``.
        """
        deadline = time.monotonic() + seconds
        while not self._is_ready():
            if time.monotonic() > deadline:
                raise ServiceError(f"the API is not ready after {seconds:g} s")
            self._pause()

    def _is_ready(self) -> bool:
        try:
            return self._http.get("/readyz").is_success
        except httpx2.TransportError:
            return False

    def get(self, path: str, **query: str) -> Any:
        """``GET``.

        Raises
        ------
        ServiceError
            The answer is an error.
        """
        return self._answer("GET", path, params=query)

    def post(self, path: str, body: Any) -> Any:
        """``POST``, waiting some seconds for the answer.

        Raises
        ------
        ServiceError
            The request was refused.
        """
        return self._answer("POST", path, json=body, headers={"Prefer": "wait=30"})

    def until_ended(self, path: str) -> Iterator[Any]:
        """Yield a search or a job again and again, until it has ended."""
        while True:
            view = self.get(path)
            yield view
            if view["state"] in FINAL:
                return
            self._pause()

    def items(self, path: str) -> Iterator[Any]:
        """Yield all items of a list, page by page."""
        page = self.get(path, limit="200")
        yield from page["items"]
        while page["next"]:
            page = self.get(path, limit="200", cursor=page["next"])
            yield from page["items"]

    def _pause(self) -> None:
        self._check()
        time.sleep(LOOK_SECONDS)

    def _answer(self, method: str, path: str, **more: Any) -> Any:
        try:
            response = self._http.request(method, path, **more)
        except httpx2.TransportError as failed:
            self._check()
            raise ServiceError(f"{method} {path}: no answer ({failed})") from failed
        if response.is_error:
            raise ServiceError(f"{method} {path}: {_reasons(response)}")
        return response.json()


def _reasons(response: httpx2.Response) -> str:
    """The text of a problem document (RFC 9457), fault by fault."""
    try:
        problem = response.json()
        faults = [f"{fault['pointer']}: {fault['detail']}" for fault in problem["errors"]]
        return "; ".join(faults) or str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {response.status_code}"
