"""``isobudget serve``."""

from contextlib import suppress
from types import FrameType
from typing import Annotated

import typer
import uvicorn

from app import logs
from app.cli.access import guarded
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


def serve(
    host: Host = None,
    port: Port = None,
    access_log: Annotated[bool, typer.Option(help="Log every request.")] = True,
) -> None:
    """Serve the HTTP API and its pages, until stopped.

    The database must be migrated: isobudget migrate. Nothing is trained without a worker:
    isobudget work. Where other machines can reach it, a key is needed: isobudget keys create.
    """
    # No other command needs these.
    from app.main import create_app
    from app.server.config import ServerConfig

    changes = {"host": host, "port": port}
    chosen = settings().model_copy(
        update={name: value for name, value in changes.items() if value is not None}
    )
    logs.set_up(chosen.log_format)
    app = create_app(guarded(chosen, chosen.host))
    config = ServerConfig(app, chosen, access_log=access_log)
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
