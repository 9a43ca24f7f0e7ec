"""Runs asynchronous code to its end without an event loop.

The client's flows are written once, as coroutines over a :class:`~app.client.wires.Wire`. What the
wire of the synchronous client awaits is done at once, so its flows never suspend.
"""

from collections.abc import AsyncGenerator, Coroutine, Iterator
from typing import Any, Final, TypeVar

T = TypeVar("T")
_END: Final[Any] = object()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends. Returns its result."""
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    work.close()
    raise AssertionError("a flow of the synchronous client was suspended")


def iterate(items: AsyncGenerator[T, None]) -> Iterator[T]:
    """Yield the items of an asynchronous generator that never suspends."""
    try:
        while (item := run(_following(items))) is not _END:
            yield item
    finally:
        run(items.aclose())


async def _following(items: AsyncGenerator[T, None]) -> T:
    return await anext(items, _END)
