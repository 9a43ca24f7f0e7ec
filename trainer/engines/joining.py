"""How this machine joins a Ray cluster, and how Ray's messages are logged."""

import importlib.util
import logging
import os
import socket
import sys
import threading
from pathlib import Path
from textwrap import shorten
from typing import Final

from trainer.engines.calls import EngineLostError, bounded

logger = logging.getLogger(__name__)

CONNECT_SECONDS: Final = 30.0
KNOCK_SECONDS: Final = 5.0
REMEDY: Final = (
    "start a cluster with `ray start --head`, have this machine join one with "
    "`ray start --address=HEAD:6379`, or name another with --address"
)


def is_installed() -> bool:
    """Whether Ray can be used on this machine."""
    return importlib.util.find_spec("ray") is not None


def connect(address: str) -> None:
    """Connect this process to a cluster that this machine is part of.

    Raises
    ------
    EngineLostError
        The cluster cannot be reached, or does not answer.
    """
    named = os.environ.get("RAY_ADDRESS", address) if address == "auto" else address
    _knock(named)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"  # Ray must not start a cluster when asked something
    import ray

    _log_as_we_do()
    try:
        bounded(
            lambda: ray.init(
                address=address,
                namespace="isobudget",
                log_to_driver=False,
                configure_logging=False,
                logging_level=logging.ERROR,
            ),
            CONNECT_SECONDS,
            f"connect to {address}",
        )
    except EngineLostError as lost:
        raise EngineLostError(f"{lost}. Remedy: {REMEDY}") from lost
    except Exception as error:
        text = f"no Ray cluster at {address}: {in_a_line(error)}. Remedy: {REMEDY}"
        raise EngineLostError(text) from error


def _knock(address: str) -> None:
    """Check that something listens; Ray itself would take minutes to say that nothing does."""
    if "://" in address:
        raise EngineLostError(f"{address} (RAY_ADDRESS) is no HOST:PORT. Remedy: {REMEDY}")
    try:
        call_on(address)
    except OSError as error:
        text = f"no Ray cluster answers at {address} ({error}). Remedy: {REMEDY}"
        raise EngineLostError(text) from error


def call_on(address: str) -> None:
    """Check that something listens at ``HOST:PORT``; other kinds of addresses are left to Ray.

    Raises
    ------
    OSError
        Nothing listens.
    """
    host, _, port = address.rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), KNOCK_SECONDS).close()


def _log_as_we_do() -> None:
    """Send Ray's errors to our log, and drop what it prints about processes of its nodes."""
    log = logging.getLogger("ray")
    log.handlers.clear()
    log.propagate = True
    log.setLevel(logging.ERROR)
    sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - until this process ends


def log_what_is_printed() -> None:
    """From now on, log each line that this process prints to standard error, as C++ code does."""
    own = os.fdopen(os.dup(2), "w", buffering=1)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(own)
    reading, writing = os.pipe()
    os.dup2(writing, 2)
    os.close(writing)
    threading.Thread(target=_log_lines, args=(reading,), daemon=True).start()


def _log_lines(printed: int) -> None:
    with os.fdopen(printed, errors="replace") as lines:
        for line in lines:
            logger.warning("Ray: %s", line.rstrip())


def in_a_line(error: BaseException) -> str:
    """Return an error's kind and text, shortened: Ray's are often long, with the cause first."""
    return shorten(f"{type(error).__name__}: {error}".rstrip(": ."), 400, placeholder=" …")
