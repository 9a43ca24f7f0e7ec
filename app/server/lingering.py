"""Closes a connection so that its client still reads the answer."""

import asyncio
from collections.abc import Callable
from typing import Any


class LingeringTransport:
    """A transport that is closed in two steps while its client is still sending.

    To close a socket that has unread data discards the answer too, as the client sees it: it gets
    a reset. So only our half is closed at first, and ``linger`` is told; it closes the other half
    with :meth:`abort` when the client has ended, or after a while.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        is_sending: Callable[[], bool],
        linger: Callable[[], None],
    ) -> None:
        self._transport = transport
        self._is_sending = is_sending
        self._linger = linger
        self._closing = False
        self.write = transport.write
        self.get_extra_info = transport.get_extra_info
        self.pause_reading = transport.pause_reading
        self.resume_reading = transport.resume_reading

    def close(self) -> None:
        """Close what we send; and what the client sends, unless it is still sending."""
        if self._closing:
            return
        self._closing = True
        if not self._is_sending() or not self._transport.can_write_eof():
            self._transport.close()
        elif not self._transport.is_closing():
            self._transport.write_eof()
            self._transport.resume_reading()
            self._linger()

    def abort(self) -> None:
        """Close both halves at once."""
        self._closing = True
        self._transport.abort()

    def is_closing(self) -> bool:
        """Return whether nothing more can be sent."""
        return self._closing or self._transport.is_closing()

    def set_protocol(self, protocol: Any) -> None:
        """Give the connection to another protocol."""
        self._transport.set_protocol(protocol)
