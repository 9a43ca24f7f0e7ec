"""How this machine joins a Ray cluster, and how what Ray says is logged."""

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
    """Connect this process to a cluster, which this machine is part of.

    Raises
    ------
    EngineLostError
        It cannot be reached, or does not answer.
    """
    named = os.environ.get("RAY_ADDRESS", address) if address == "auto" else address
    _knock(named)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"  # never start a cluster, only since it is asked
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
    """See whether anything listens: Ray itself would take minutes to say that nothing does."""
    if "://" in address:
        raise EngineLostError(f"{address} (RAY_ADDRESS) is no HOST:PORT. Remedy: {REMEDY}")
    try:
        call_on(address)
    except OSError as error:
        text = f"no Ray cluster answers at {address} ({error}). Remedy: {REMEDY}"
        raise EngineLostError(text) from error


def call_on(address: str) -> None:
    """See whether something listens at ``HOST:PORT``; whatever else an address is, is left to Ray.

    Raises
    ------
    OSError
        Nothing does.
    """
    host, _, port = address.rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), KNOCK_SECONDS).close()


def _log_as_we_do() -> None:
    """Have Ray's errors in our log, and drop what it prints about processes of its nodes."""
    log = logging.getLogger("ray")
    log.handlers.clear()
    log.propagate = True
    log.setLevel(logging.ERROR)
    sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - until this process ends


def log_what_is_printed() -> None:
    """From now on, log what this process prints to standard error, as C++ does, line by line."""
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
    """What an error says, with its kind; Ray often says much, and the cause first."""
    return shorten(f"{type(error).__name__}: {error}".rstrip(": ."), 400, placeholder=" …")
