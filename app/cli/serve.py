"""``isobudget serve``."""

from typing import Annotated

import typer
import uvicorn

from app import logs
from app.cli.console import settings

Host = Annotated[
    str | None, typer.Option(help="Address to listen on.  [default: ISOBUDGET_HOST, or 127.0.0.1]")
]
Port = Annotated[
    int | None,
    typer.Option(min=0, max=65_535, help="0 takes a free one.  [default: ISOBUDGET_PORT, or 8000]"),
]
SHUTDOWN_SECONDS = 5
"""For requests in flight, event streams among them, once the server is to stop."""


def serve(
    host: Host = None,
    port: Port = None,
    access_log: Annotated[bool, typer.Option(help="Log every request.")] = True,
) -> None:
    """Serve the HTTP API and its pages, until stopped.

    The database must be migrated: isobudget migrate. Nothing is trained without a worker:
    isobudget work.
    """
    chosen = settings()
    logs.set_up(chosen.log_format)
    uvicorn.run(
        "app.main:create_app",
        factory=True,
        host=chosen.host if host is None else host,
        port=chosen.port if port is None else port,
        access_log=access_log,
        log_config=None,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
