"""Settings, from the environment: prefix ``ISOBUDGET_``."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from platformdirs import user_cache_path, user_data_path
from pydantic import BeforeValidator, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.logs import LogFormat


def _split(value: object) -> object:
    """Take a list as it is written in the environment: ``a.example, b.example``."""
    if not isinstance(value, str):
        return value
    return tuple(name.strip() for name in value.split(",") if name.strip())


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
"""A list; in the environment its values are separated by commas."""


def _data_folder() -> Path:
    return user_data_path("isobudget", appauthor=False)


class Settings(BaseSettings):
    """The settings that an operator may change.

    ``database_url`` is an SQLAlchemy URL. Times are in seconds, memory in MiB. A server with no
    ``solver_processes`` leaves searches to other servers on the same database. Of searches that
    wait for a solver, the database takes ``max_queued_searches``. ``checkpoints`` is a
    folder or a URL for ``fsspec``; all workers on the database share it.

    With ``require_key`` ``auto``, a server on a loopback address needs no keys. ``bootstrap_key``,
    or the file ``bootstrap_key_file``, is a key that is valid as long as the server runs. Rates are
    written ``600/minute``, or ``off``.

    The server answers to ``allowed_hosts`` beside loopback names, believes
    ``X-Forwarded-For`` and ``X-Forwarded-Proto`` of ``forwarded_allow_ips``, and lets pages of
    ``cors_origins`` read its answers.
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
    require_key: Literal["auto", "always"] = "auto"
    bootstrap_key: SecretStr | None = None
    bootstrap_key_file: Path | None = None
    rate_limit: str = "600/minute"
    auth_failure_limit: str = "20/minute"
    allowed_hosts: Names = ()
    forwarded_allow_ips: Names = ()
    cors_origins: Names = ()
    max_connections: int = Field(default=800, ge=1, le=1_000_000)
    head_seconds: float = Field(default=10.0, gt=0, le=3600)
    body_seconds: float = Field(default=20.0, gt=0, le=3600)
    keep_alive_seconds: float = Field(default=5.0, gt=0, le=3600)

    @field_validator("rate_limit", "auth_failure_limit")
    @classmethod
    def _check_rate(cls, rate: str) -> str:
        from limits import parse  # for servers only

        try:
            is_readable = rate == "off" or parse(rate).amount > 0
        except ValueError:
            is_readable = False
        if not is_readable:
            raise ValueError("write a number per time, as in 600/minute, or off")
        return rate


@lru_cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
