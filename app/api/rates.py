"""Limits on how often one client may ask, counted in the memory of this process."""

import ipaddress
import math
import time
from functools import lru_cache
from typing import Final, NamedTuple

from limits import RateLimitItem, parse
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

ADDRESS_COUNTERS: Final = 16_384
"""Counters that all addresses share: however many addresses ask, memory is bounded."""


class Window(NamedTuple):
    """What is left of a limit, and the whole seconds until it begins anew."""

    limit: int
    window: int
    left: int
    seconds: int
    is_over: bool

    @property
    def headers(self) -> dict[str, str]:
        """The fields of draft-ietf-httpapi-ratelimit-headers-10."""
        return {
            "RateLimit-Policy": f'"default";q={self.limit};w={self.window}',
            "RateLimit": f'"default";r={self.left};t={self.seconds}',
        }


class Rates:
    """Counts in windows of fixed length, such as ``600/minute``; ``off`` counts nothing."""

    def __init__(self, limit: str) -> None:
        self._item: RateLimitItem | None = None if limit == "off" else parse(limit)
        self._limiter = FixedWindowRateLimiter(Counters())

    def take(self, who: str) -> Window | None:
        """Count a request. Returns what is left; ``None`` if nothing is counted."""
        if self._item is None:
            return None
        return self._window(self._item, who, is_over=not self._limiter.hit(self._item, who))

    def look(self, who: str) -> Window | None:
        """What :meth:`take` would return, without counting."""
        if self._item is None:
            return None
        return self._window(self._item, who, is_over=not self._limiter.test(self._item, who))

    def _window(self, item: RateLimitItem, who: str, *, is_over: bool) -> Window:
        reset, left = self._limiter.get_window_stats(item, who)
        seconds = max(1, math.ceil(reset - time.time()))
        return Window(item.amount, item.get_expiry(), left, seconds, is_over)


class Counters(Storage):
    """Counters that begin anew when their time is over.

    The library's own storage in memory starts a thread for each hit, or walks over all counters.
    """

    STORAGE_SCHEME = None

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[str, tuple[int, float]] = {}

    @property
    def base_exceptions(self) -> type[Exception]:
        """Errors of the storage; there are none."""
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a counter. Returns its value."""
        count, ends = self._counts.get(key, (0, 0.0))
        now = time.time()
        if ends <= now:
            count, ends = 0, now + expiry
        self._counts[key] = count + amount, ends
        return count + amount

    def get(self, key: str) -> int:
        """Return the value of a counter."""
        count, ends = self._counts.get(key, (0, 0.0))
        return count if ends > time.time() else 0

    def get_expiry(self, key: str) -> float:
        """Return the time at which a counter begins anew."""
        return max(self._counts.get(key, (0, 0.0))[1], time.time())

    def check(self) -> bool:
        """Return whether it works."""
        return True

    def reset(self) -> int:
        """Forget all counters. Returns how many there were."""
        number = len(self._counts)
        self._counts.clear()
        return number

    def clear(self, key: str) -> None:
        """Forget a counter."""
        self._counts.pop(key, None)


@lru_cache(1024)
def counter_of(host: str) -> str:
    """The counter of a client's address.

    Networks of IPv6 have one counter (/64), since a client may take any address of its network.
    """
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return "address/other"
    whole = int(address) >> 64 if address.version == 6 else int(address)
    return f"address/{hash((address.version, whole, SALT)) % ADDRESS_COUNTERS}"


SALT: Final = time.time_ns()
"""Nobody can work out whose counter an address shares."""
