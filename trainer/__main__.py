"""``python -m trainer``, which ``isobudget work`` calls."""

import argparse
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence

from app import logs
from app.config import settings
from app.db.engine import Database
from app.db.schema import is_current
from trainer.attempt import WorkerSettings
from trainer.worker import Worker


def main(arguments: Sequence[str] | None = None) -> int:
    """Work off queued runs; the exit code."""
    options = _parser().parse_args(arguments)
    logs.set_up(settings().log_format)
    if options.processes > 1:
        return _many(options)
    database = Database(settings().database_url)
    if not is_current(database):
        sys.exit("the database's schema is not current; run: isobudget migrate")
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
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    worker.work(once=options.once, exit_when_idle=options.exit_when_idle)
    database.close()
    return 0


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
    return parser


def _many(options: argparse.Namespace) -> int:
    """Start several workers, pass signals on, and wait for all."""
    command = [sys.executable, "-m", "trainer", "--threads", str(options.threads)]
    command += ["--once"] * options.once + ["--exit-when-idle"] * options.exit_when_idle
    workers = [subprocess.Popen(command) for _ in range(options.processes)]

    def stop(*_: object) -> None:
        for worker in workers:
            worker.terminate()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    return max(worker.wait() for worker in workers)


if __name__ == "__main__":
    sys.exit(main())
