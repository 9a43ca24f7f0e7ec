"""A memory for what is worth keeping between requests, and can be made again."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """The values that were asked for last. Each is made once, and one at a time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = threading.Lock()
        self._making = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Return a value, from memory if it is known."""
        if (known := self.find(key)) is not None:
            return known
        with self._making:
            if (known := self.find(key)) is None:
                known = make()
                self._keep(key, known)
        return known

    def find(self, key: Hashable) -> Value | None:
        """Return a value if it is known."""
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
            return self._known.get(key)

    def _keep(self, key: Hashable, value: Value) -> None:
        with self._lock:
            self._known[key] = value
            if len(self._known) > self._most:
                self._known.popitem(last=False)
