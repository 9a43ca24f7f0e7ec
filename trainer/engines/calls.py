"""Calls that may never return, held to their time."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

Result = TypeVar("Result")


class EngineLostError(RuntimeError):
    """What trains for this worker does not answer, or cannot be reached; the text says why."""


class Call(Generic[Result]):
    """A call in a thread of its own, which ends with this process if the call never does."""

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
        """How long ago it was begun."""
        return time.monotonic() - self._since

    def result(self, seconds: float) -> Result:
        """What it gave, or raised.

        Raises
        ------
        TimeoutError
            It has not returned within some seconds.
        """
        return self._answer.result(seconds)


def bounded(call: Callable[[], Result], seconds: float, what: str) -> Result:
    """Call, and wait so many seconds at the most.

    Raises
    ------
    EngineLostError
        It did not return; ``what`` says what was wanted.
    """
    try:
        return Call(call).result(seconds)
    except TimeoutError as late:
        raise EngineLostError(f"Ray did not {what} within {seconds:g} s") from late
