"""Settings of applications in tests."""

from typing import Any

from app.config import Settings
from app.db.engine import Database


def settings_for(database: Database, solver_processes: int, **changes: Any) -> Settings:
    """Those of an application on a database, which looks for work often."""
    return Settings(
        database_url=database.url.render_as_string(hide_password=False),
        solver_processes=solver_processes,
        poll=0.05,
        **changes,
    )
