"""``python -m trainer``, which ``isobudget work`` calls."""

import argparse
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NoReturn

from app import logs
from app.config import settings
from app.db.engine import Database
from trainer.attempt import WorkerSettings
from trainer.base import BaseWorker
from trainer.engines.calls import EngineLostError
from trainer.engines.cluster import Cluster
from trainer.engines.driver import Driver
from trainer.engines.joining import is_installed, log_what_is_printed
from trainer.options import for_each_process, parse
from trainer.starting import on_end_of_supervisor, wait_for
from trainer.supervisor import Supervisor
from trainer.worker import Worker

STOP_SECONDS: Final = 8.0
"""Time that a worker has to give back what it holds; then it ends, and its leases run out."""

logger = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Work off queued runs, and return the exit code."""
    options = parse(arguments)
    if options.ask and not is_installed():
        sys.exit("--engine ray needs Ray, which is not installed: pip install 'isobudget[ray]'")
    logs.set_up(settings().log_format)
    database = Database(settings().database_url)
    until = None if options.max_time is None else time.monotonic() + options.max_time
    if cause := wait_for(database, settings().poll, until, supervised=options.supervised):
        sys.exit(cause.detail)
    if until is not None:
        options.max_time = max(0.0, until - time.monotonic())
    # Ray may end a process that has lost the cluster's head: a supervisor then restarts it.
    if options.processes > 1 or (options.ask and not options.supervised):
        database.close()
        return _many(options)
    if options.ask:
        return _on_ray(options, database)
    return _one(options, Worker(database, _settings(options)), database)


def _on_ray(options: argparse.Namespace, database: Database) -> int:
    """Work on a cluster."""
    log_what_is_printed()
    _on_signals(lambda: leave(0), lambda: None)  # nothing is held yet
    try:
        cluster = Cluster(options.address, options.ask)
    except EngineLostError as lost:
        logger.error("%s", lost)
        return 1
    logger.info("connected to the Ray cluster; each task takes %s", options.ask)
    code = _one(options, Driver(database, _settings(options), cluster), database)
    if code == 0:
        cluster.close()
    return code


def _settings(options: argparse.Namespace) -> WorkerSettings:
    return WorkerSettings(
        name=f"{socket.gethostname()}:{os.getpid()}",
        data_dir=settings().data_dir,
        cache_dir=settings().cache_dir,
        checkpoints=_absolute(settings().checkpoints),
        lease=settings().lease,
        poll=settings().poll,
        threads=options.threads,
    )


def _absolute(folder: str) -> str:
    """Make a folder's path absolute, so that all processes mean the same one; URLs are kept."""
    return folder if "://" in folder else str(Path(folder).absolute())


def _one(options: argparse.Namespace, worker: BaseWorker, database: Database) -> int:
    """Work in a thread, so that the main one hears signals whatever the database does."""
    failed: list[BaseException] = []
    asked = threading.Event()

    def work() -> None:
        try:
            worker.work(once=options.once, exit_when_idle=options.exit_when_idle)
        except EngineLostError as lost:
            logger.error("%s; what was held is given back", lost)
            if not asked.is_set():
                failed.append(lost)
        except BaseException as error:
            logger.exception("the worker ended")
            failed.append(error)

    def stop() -> None:
        asked.set()
        worker.stop()

    _on_signals(stop, worker.kill)
    if options.supervised:
        on_end_of_supervisor(stop)
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    ends = None if options.max_time is None else time.monotonic() + options.max_time
    while thread.is_alive() and not worker.is_stopping:
        thread.join(0.1)
        if ends is not None and time.monotonic() >= ends:
            stop()
    thread.join(STOP_SECONDS)
    if thread.is_alive():
        logger.warning(
            "not done within %g s; what was held is free when its leases end", STOP_SECONDS
        )
        worker.kill()
        os._exit(0 if asked.is_set() else 1)
    database.close()
    return 1 if failed else 0


def _on_signals(stop: Callable[[], None], kill: Callable[[], None]) -> None:
    """Stop at the first signal; at the second, end this process at once, with what it started."""
    received: list[int] = []

    def handle(number: int, _frame: object) -> None:
        received.append(number)
        if len(received) == 1:
            stop()
            return
        kill()
        os._exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)


def _many(options: argparse.Namespace) -> int:
    """Run workers in processes of their own, which are restarted when they die."""
    supervisor = Supervisor(for_each_process(options), options.processes)
    _on_signals(supervisor.stop, supervisor.kill)
    return supervisor.run(options.max_time)


def leave(code: int) -> NoReturn:
    """End this process without tearing the interpreter down.

    Teardown takes seconds on a busy machine, and Ray's part of it may never end. Nothing is left to
    tidy up.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    leave(main())
