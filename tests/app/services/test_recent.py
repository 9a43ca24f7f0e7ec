from concurrent.futures import ThreadPoolExecutor
from threading import Event

from app.services.recent import Recent
from tests.factories import PATIENCE


def test_the_value_asked_for_least_recently_is_forgotten() -> None:
    made: list[str] = []
    recent: Recent[int] = Recent(most=2)

    def ask(key: str) -> None:
        def make() -> int:
            made.append(key)
            return len(made)

        recent.get(key, make)

    for key in "abacab":
        ask(key)

    assert made == ["a", "b", "c", "b"]


def test_requests_for_one_value_at_the_same_time_make_it_once() -> None:
    recent: Recent[list[int]] = Recent(most=2)
    begun, go_on = [], Event()

    def make() -> list[int]:
        begun.append(1)
        assert go_on.wait(PATIENCE)
        return [3]

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(recent.get, "key", make) for _ in range(4)]
        go_on.set()
        found = [future.result() for future in asked]

    assert len(begun) == 1
    assert all(value is found[0] for value in found)
