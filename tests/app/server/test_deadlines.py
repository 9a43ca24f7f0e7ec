"""Connections end when their time is over, and no sooner."""

import asyncio

from app.server.deadlines import SWEEP_SECONDS, Deadlines


class Connection:
    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.ended = asyncio.Event()
        self.times = 0

    def expire(self) -> None:
        self.times += 1
        self.ended.set()


async def looks(number: int) -> None:
    await asyncio.sleep((number + 0.5) * SWEEP_SECONDS)


def test_a_connection_whose_time_is_over_is_ended_once_and_others_go_on() -> None:
    async def run() -> tuple[int, int]:
        loop = asyncio.get_running_loop()
        late, early = Connection(loop.time() - 1), Connection(loop.time() + 60)
        Deadlines().watch(loop, [late, early])
        await late.ended.wait()
        await looks(2)
        return late.times, early.times

    assert asyncio.run(run()) == (1, 0)


def test_a_connection_that_sent_while_the_process_was_busy_is_not_ended() -> None:
    async def run() -> int:
        loop = asyncio.get_running_loop()
        connection = Connection(loop.time() + SWEEP_SECONDS / 2)
        Deadlines().watch(loop, [connection])
        # The first look finds the time over; what was sent is read before the second.
        loop.call_later(1.5 * SWEEP_SECONDS, lambda: setattr(connection, "deadline", float("inf")))
        await looks(4)
        return connection.times

    assert asyncio.run(run()) == 0


def test_nobody_is_looked_at_when_all_have_gone_and_later_ones_are() -> None:
    async def run() -> int:
        loop, connections, deadlines = asyncio.get_running_loop(), list[Connection](), Deadlines()
        deadlines.watch(loop, connections)
        await looks(2)
        connections.append(Connection(loop.time() - 1))
        deadlines.watch(loop, connections)
        await connections[0].ended.wait()
        return connections[0].times

    assert asyncio.run(run()) == 1
