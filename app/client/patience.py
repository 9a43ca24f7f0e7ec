"""How long a call is tried again: what is worth it, how often, and how long to pause before."""

import math
import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx2

from app.client.calls import Call

PASSING: Final = frozenset({429, 502, 503, 504})
"""Statuses that say that the same call may succeed later."""
NOT_DONE: Final = frozenset({429, 503})
"""Those of them that say that the call was not carried out."""
LEAST_PAUSE: Final = 0.1
FIRST_PAUSE: Final = 0.25
LONGEST_PAUSE: Final = 10.0
LONGEST_ASKED: Final = 300.0
"""The longest pause that the service can ask for; after it, it is asked again."""


@dataclass(frozen=True)
class Patience:
    """How often to try again, and until when.

    Attributes
    ----------
    tries
        The number of further tries.
    longest
        The longest pause that the service can ask for. A call that has to pause longer fails.
    until
        The time at which to end, by ``time.monotonic()``.
    """

    tries: float
    longest: float = 60.0
    until: float = math.inf

    def allows(self, tried: int, pause: float) -> bool:
        """Whether to try again after a pause, having tried again some times."""
        in_time = time.monotonic() + pause <= self.until
        return tried < self.tries and pause <= self.longest and in_time


def endless(timeout: float | None = None) -> Patience:
    """Patience that only a timeout ends."""
    until = math.inf if timeout is None else time.monotonic() + timeout
    return Patience(math.inf, LONGEST_ASKED, until)


def can_repeat(call: Call[Any], failed: httpx2.Response | httpx2.TransportError) -> bool:
    """Whether a call that failed may be sent again."""
    if isinstance(failed, httpx2.Response):
        return failed.status_code in (PASSING if call.is_repeatable else NOT_DONE)
    never_sent = isinstance(failed, httpx2.ConnectError | httpx2.ConnectTimeout)
    return never_sent or call.is_repeatable


def pause_before(tried: int, asked: float | None) -> float:
    """Seconds before the next try: those that the service asks for, else more each time.

    They are drawn at random, so that many clients do not come back at the same moment.
    """
    if asked is not None:
        return max(asked, LEAST_PAUSE)
    return min(FIRST_PAUSE * 2.0 ** min(tried, 16), LONGEST_PAUSE) * random.uniform(0.5, 1.0)


def asked_pause(response: httpx2.Response) -> float | None:
    """The seconds in ``Retry-After`` (RFC 9110, section 10.2.3): a number, or a date."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), 1e9)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - datetime.now(UTC)).total_seconds())
