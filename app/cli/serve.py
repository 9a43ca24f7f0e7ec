"""``isobudget serve``."""

from contextlib import suppress
from types import FrameType
from typing import Annotated

import typer
import uvicorn

from app import logs
from app.cli.console import settings
from app.services.stopping import Closing

Host = Annotated[
    str | None, typer.Option(help="Address to listen on.  [default: ISOBUDGET_HOST, or 127.0.0.1]")
]
Port = Annotated[
    int | None,
    typer.Option(min=0, max=65_535, help="0 takes a free one.  [default: ISOBUDGET_PORT, or 8000]"),
]
STARTUP_FAILURE = 3
"""Uvicorn's own exit code if the application does not start."""
SHUTDOWN_SECONDS = 3
"""The time that open requests have to end when the server stops; then its solvers end, too."""


def serve(
    host: Host = None,
    port: Port = None,
    access_log: Annotated[bool, typer.Option(help="Log every request.")] = True,
) -> None:
    """Serve the HTTP API and its pages, until stopped.

    The database must be migrated: isobudget migrate. Nothing is trained without a worker:
    isobudget work.
    """
    from app.main import create_app  # no other command needs it

    chosen = settings()
    logs.set_up(chosen.log_format)
    app = create_app(chosen)
    config = uvicorn.Config(
        app,
        host=chosen.host if host is None else host,
        port=chosen.port if port is None else port,
        access_log=access_log,
        log_config=None,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    server = _Server(config, app.state.closing)
    with suppress(KeyboardInterrupt):  # after an orderly stop, it raises the signal again
        server.run()
    if not server.started:
        raise typer.Exit(STARTUP_FAILURE)


class _Server(uvicorn.Server):
    """Tells those who wait when it is to stop; otherwise they would keep it waiting."""

    def __init__(self, config: uvicorn.Config, closing: Closing) -> None:
        super().__init__(config)
        self._closing = closing

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Handle a signal."""
        self._closing.set()
        super().handle_exit(sig, frame)
