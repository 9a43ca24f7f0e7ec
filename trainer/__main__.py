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
from typing import Final, NoReturn

from app import logs
from app.config import settings
from app.db.engine import Database
from trainer.attempt import WorkerSettings
from trainer.starting import finds_newest, on_end_of_supervisor
from trainer.supervisor import Supervisor
from trainer.worker import Worker

STOP_SECONDS: Final = 8.0
"""For a worker to give back what it holds; then it ends, and its leases end by themselves."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Work off queued runs; the exit code."""
    options = _parser().parse_args(arguments)
    logs.set_up(settings().log_format)
    database = Database(settings().database_url)
    until = None if options.max_time is None else time.monotonic() + options.max_time
    if not finds_newest(database, settings().poll, until, supervised=options.supervised):
        sys.exit("the database's schema is not current; run: isobudget migrate")
    if until is not None:
        options.max_time = max(0.0, until - time.monotonic())
    if options.processes > 1:
        database.close()
        return _many(options)
    return _one(options, database)


def _one(options: argparse.Namespace, database: Database) -> int:
    """Work in a thread, so that this one hears signals whatever the database does."""
    worker = Worker(
        database,
        WorkerSettings(
            name=f"{socket.gethostname()}:{os.getpid()}",
            data_dir=settings().data_dir,
            cache_dir=settings().cache_dir,
            checkpoints=settings().checkpoints,
            lease=settings().lease,
            poll=settings().poll,
            threads=options.threads,
        ),
    )
    failed: list[BaseException] = []

    def work() -> None:
        try:
            worker.work(once=options.once, exit_when_idle=options.exit_when_idle)
        except BaseException as error:
            logging.getLogger(__name__).exception("the worker ended")
            failed.append(error)

    _on_signals(worker.stop, worker.kill)
    if options.supervised:
        on_end_of_supervisor(worker.stop)
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    ends = None if options.max_time is None else time.monotonic() + options.max_time
    while thread.is_alive() and not worker.is_stopping:
        thread.join(0.1)
        if ends is not None and time.monotonic() >= ends:
            worker.stop()
    thread.join(STOP_SECONDS)
    if thread.is_alive():
        logging.warning("the database does not answer; what was held is free when its leases end")
        worker.kill()
        os._exit(0)
    database.close()
    return 1 if failed else 0


def _on_signals(stop: Callable[[], None], kill: Callable[[], None]) -> None:
    """The first signal stops, the second ends this process at once, with what it started."""
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="isobudget work", description="Train what jobs have queued, until stopped."
    )
    parser.add_argument("--processes", type=int, default=1, help="workers on this machine")
    parser.add_argument(
        "--threads",
        type=int,
        default=1,
        help="PyTorch's threads in each of them; more slow small networks down on a busy machine",
    )
    parser.add_argument("--once", action="store_true", help="end after the runs of one network")
    parser.add_argument("--exit-when-idle", action="store_true", help="end when nothing is queued")
    parser.add_argument(
        "--max-time",
        type=_seconds,
        metavar="SECONDS",
        help="stop after this time, as if by a first SIGTERM",
    )
    parser.add_argument("--supervised", action="store_true", help=argparse.SUPPRESS)
    return parser


def _many(options: argparse.Namespace) -> int:
    """Several workers, one process each."""
    arguments = ["--threads", str(options.threads)]
    arguments += ["--once"] * options.once + ["--exit-when-idle"] * options.exit_when_idle
    supervisor = Supervisor(arguments, options.processes)
    _on_signals(supervisor.stop, supervisor.kill)
    return supervisor.run(options.max_time)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError("a number of seconds, 0 or more")
    return seconds


def _leave(code: int) -> NoReturn:
    """End this process without tearing the interpreter down.

    That takes seconds on a busy machine, and nothing is left to tidy up.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _leave(main())
