"""How the server is set up."""

from typing import Any

import uvicorn
from fastapi import FastAPI

from app.api.traffic import Traffic
from app.config import Settings
from app.server.deadlines import Deadlines
from app.server.protocol import GuardedProtocol

SHUTDOWN_SECONDS = 3
"""The time that open requests have to end when the server stops; then its solvers end, too."""


class ServerConfig(uvicorn.Config):
    """Uvicorn's configuration, with what :class:`GuardedProtocol` needs to know beside it."""

    def __init__(self, app: FastAPI, settings: Settings, **options: Any) -> None:
        super().__init__(
            app,
            host=settings.host,
            port=settings.port,
            http=GuardedProtocol,
            ws="none",
            server_header=False,
            proxy_headers=bool(settings.forwarded_allow_ips),
            forwarded_allow_ips=list(settings.forwarded_allow_ips),
            timeout_keep_alive=settings.keep_alive_seconds,  # type: ignore[arg-type] # a number
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            log_config=None,
            **options,
        )
        self.traffic: Traffic = app.state.traffic
        self.max_connections = settings.max_connections
        self.head_seconds = settings.head_seconds
        self.deadlines = Deadlines()
