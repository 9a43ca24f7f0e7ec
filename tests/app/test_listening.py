import pytest

from app.listening import is_loopback, listens_on_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_a_server_for_this_machine(host: str) -> None:
    assert listens_on_loopback(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "", "192.0.2.1", "::ffff:192.0.2.1", "no-such-host.invalid"]
)
def test_a_server_that_others_may_reach(host: str) -> None:
    assert not listens_on_loopback(host)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1"])
def test_addresses_of_this_machine(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "::", "192.0.2.1", "::ffff:192.0.2.1", "", "127.0.0.1.example.org"),
        *("127.1", "0177.0.0.1", "2130706433", "/run/isobudget.sock", "LOCALHOST.example.org"),
    ],
)
def test_all_other_addresses(address: str) -> None:
    assert not is_loopback(address)
