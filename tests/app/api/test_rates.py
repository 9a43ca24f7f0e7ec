import random
import sys

import pytest
from pydantic import ValidationError

from app.api.rates import ADDRESS_COUNTERS, Counters, Rates, counter_of
from app.config import Settings


def test_however_many_addresses_ask_the_counters_stay_few() -> None:
    rates = Rates("5/minute")
    draw = random.Random(0)
    for _ in range(100_000):
        rates.take(counter_of(".".join(str(draw.randrange(256)) for _ in range(4))))
    counts = rates._limiter.storage
    assert isinstance(counts, Counters)
    assert 10_000 < len(counts._counts) <= ADDRESS_COUNTERS
    assert sys.getsizeof(counts._counts) < 2**21
    assert counts.reset() <= ADDRESS_COUNTERS


def test_a_client_cannot_leave_its_counter_by_another_address_of_its_network() -> None:
    assert counter_of("2001:db8:1:2::1") == counter_of("2001:db8:1:2:ffff::9")
    assert counter_of("2001:db8:1:2::1") != counter_of("2001:db8:1:3::1")
    assert counter_of("fe80::1%eth0") == counter_of("fe80::2%eth1")
    assert len({counter_of(f"192.0.2.{n}") for n in range(16)}) > 10
    assert counter_of("nonsense") == counter_of("")


def test_looking_counts_nothing() -> None:
    rates = Rates("2/minute")
    looks = [rates.look("me") for _ in range(5)]
    assert all(look and not look.is_over and look.left == 2 for look in looks)
    taken = [rates.take("me") for _ in range(3)]
    assert [window and window.is_over for window in taken] == [False, False, True]
    look = rates.look("me")
    assert look
    assert look.is_over


def test_nothing_is_counted_where_limits_are_off() -> None:
    assert Rates("off").take("me") is None
    assert Rates("off").look("me") is None


@pytest.mark.parametrize("name", ["rate_limit", "auth_failure_limit"])
@pytest.mark.parametrize("rate", ["", "many", "10", "10/fortnight", "-1/minute", "0/minute"])
def test_a_rate_that_cannot_be_read_is_refused_in_a_sentence(name: str, rate: str) -> None:
    with pytest.raises(ValidationError, match="as in 600/minute, or off"):
        Settings(**{name: rate})  # type: ignore[arg-type]


@pytest.mark.parametrize("rate", ["600/minute", "10 per 5 minutes", "1/day", "off"])
def test_rates_are_written_as_the_library_reads_them(rate: str) -> None:
    assert Settings(rate_limit=rate).rate_limit == rate
