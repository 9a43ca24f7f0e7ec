"""Calls that may never return, with a time limit."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

Result = TypeVar("Result")


class EngineLostError(RuntimeError):
    """The engine of this worker does not answer, or cannot be reached; the text says why."""


class Call(Generic[Result]):
    """A call in its own thread, which ends with this process even if the call never returns."""

    def __init__(self, call: Callable[[], Result]) -> None:
        self._call = call
        self._since = time.monotonic()
        self._answer: Future[Result] = Future()
        threading.Thread(target=self._do, daemon=True).start()

    def _do(self) -> None:
        try:
            self._answer.set_result(self._call())
        except BaseException as error:
            self._answer.set_exception(error)

    @property
    def seconds(self) -> float:
        """Seconds since the call began."""
        return time.monotonic() - self._since

    def result(self, seconds: float) -> Result:
        """Return what the call returned, or raise what it raised.

        Raises
        ------
        TimeoutError
            The call has not returned within ``seconds``.
        """
        return self._answer.result(seconds)


def bounded(call: Callable[[], Result], seconds: float, what: str) -> Result:
    """Call, and wait for the result at most ``seconds``.

    Raises
    ------
    EngineLostError
        The call did not return in time; the text names it by ``what``.
    """
    try:
        return Call(call).result(seconds)
    except TimeoutError as late:
        raise EngineLostError(f"Ray did not {what} within {seconds:g} s") from late
