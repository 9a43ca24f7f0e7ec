"""The moment at which a server is to stop."""

import threading
from collections.abc import Callable


class Closing:
    """Tells all who wait for something else when the server is to stop.

    It may be set by a signal handler, and from any thread.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._calls: list[Callable[[], None]] = []

    def set(self) -> None:
        """Stop; what was to be called then is called now."""
        self._event.set()
        for call in [*self._calls]:
            call()

    def is_set(self) -> bool:
        """Whether the server is to stop."""
        return self._event.is_set()

    def then(self, call: Callable[[], None]) -> None:
        """Have a function called when the server is to stop, which returns at once."""
        self._calls.append(call)
        if self.is_set():
            call()
