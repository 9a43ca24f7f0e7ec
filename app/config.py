"""Settings, from the environment: prefix ``ISOBUDGET_``."""

from functools import lru_cache
from pathlib import Path

from platformdirs import user_cache_path, user_data_path
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.logs import LogFormat


def _data_folder() -> Path:
    return user_data_path("isobudget", appauthor=False)


class Settings(BaseSettings):
    """The settings that an operator may change.

    ``database_url`` is an SQLAlchemy URL. Times are in seconds, memory in MiB. A server with no
    ``solver_processes`` leaves searches to other servers on the same database. Of searches that
    wait for a solver, the database takes ``max_queued_searches``. ``checkpoints`` is a
    folder or a URL for ``fsspec``; all workers on the database share it.
    """

    model_config = SettingsConfigDict(env_prefix="ISOBUDGET_", frozen=True)

    database_url: str = Field(
        default_factory=lambda: f"sqlite:///{_data_folder() / 'isobudget.sqlite'}"
    )
    data_dir: Path = Field(default_factory=lambda: _data_folder() / "datasets")
    cache_dir: Path = Field(default_factory=lambda: user_cache_path("isobudget", appauthor=False))
    checkpoints: str = Field(default_factory=lambda: str(_data_folder() / "checkpoints"))
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)
    solver_processes: int = Field(default=2, ge=0, le=64)
    solver_memory_mb: int = Field(default=1024, ge=512)
    max_queued_searches: int = Field(default=100, ge=1, le=1_000_000)
    lease: float = Field(default=15.0, ge=0.5, le=3600)
    poll: float = Field(default=0.5, gt=0, le=60)
    log_format: LogFormat | None = None


@lru_cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
