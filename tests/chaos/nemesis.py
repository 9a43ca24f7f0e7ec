"""Workers in processes of their own, and what is done to them."""

import logging
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import func, select

from app.db.engine import Database
from app.db.models import JobRow, RunRow
from app.states import OPEN
from tests.chaos.worker import Life, live

logger = logging.getLogger(__name__)

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.chaos.worker"])  # so that a new worker is there at once


class Workers:
    """Workers, each the leader of its own process group; who dies is replaced."""

    def __init__(self, number: int, life: Life) -> None:
        self._life = life
        self._born = 0
        self.alive: dict[str, Any] = {}
        for _ in range(number):
            self.start()

    def start(self) -> str:
        name = f"worker-{self._born}"
        self._born += 1
        self.alive[name] = processes.Process(target=live, args=(name, self._life))
        self.alive[name].start()
        return name

    @property
    def born(self) -> int:
        return self._born

    def signal(self, name: str, number: signal.Signals) -> None:
        """To a worker and its child."""
        os.killpg(self.alive[name].pid, number)

    def kill(self, name: str) -> None:
        """Kill a worker with its child; it is not replaced."""
        process = self.alive.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()  # should it not have become the leader of its group yet
        process.join()

    def replace_the_dead(self) -> None:
        for name, process in list(self.alive.items()):
            if process.exitcode is not None:
                self.kill(name)
                self.start()

    def end(self) -> None:
        for name in list(self.alive):
            self.kill(name)


@contextmanager
def workers(number: int, life: Life) -> Iterator[Workers]:
    """Workers that do not outlive the test."""
    life.journals.mkdir(exist_ok=True)
    team = Workers(number, life)
    try:
        yield team
    finally:
        team.end()


class Nemesis:
    """Kills and freezes workers that hold runs, as its seed has it.

    Each freeze lasts 1.6 leases, and until others have taken what the worker held: it goes on as if
    it had its lease. It lasts no longer than 4 leases: on SQLite, a worker that is frozen in the
    middle of a transaction keeps all others from writing.
    """

    def __init__(self, seed: int, kills: int, stops: int) -> None:
        logger.info("nemesis: seed %d, %d kills, %d stops", seed, kills, stops)
        self._dice = random.Random(seed)
        self.plan = ["kill"] * kills + ["stop"] * stops
        self._dice.shuffle(self.plan)

    def haunt(self, database: Database, team: Workers, lease: float, patience: float) -> None:
        """Carry the plan out, as long as there is work; then wait until all is done."""
        frozen: dict[str, float] = {}
        deadline = time.monotonic() + patience
        while self.plan or frozen or is_open(database):
            assert time.monotonic() < deadline, f"not done; left to do: {self.plan}"
            held_by = set(holders(database).values())
            for name, since in list(frozen.items()):
                leases = (time.monotonic() - since) / lease
                if leases > (4 if name in held_by else 1.6):
                    del frozen[name]
                    team.signal(name, signal.SIGCONT)
            team.replace_the_dead()
            busy = sorted(held_by & team.alive.keys() - frozen.keys())
            if self.plan and busy:
                self._strike(team, self._dice.choice(busy), frozen)
            elif self.plan and not is_open(database):
                raise AssertionError(f"all is done, and the nemesis is not: {self.plan}")
            time.sleep(self._dice.uniform(0.05, 0.35))

    def _strike(self, team: Workers, name: str, frozen: dict[str, float]) -> None:
        if self.plan.pop() == "kill":
            team.kill(name)
            team.start()
        else:
            team.signal(name, signal.SIGSTOP)
            frozen[name] = time.monotonic()


def holders(database: Database) -> Mapping[str, str]:
    """Which worker holds which run."""
    with database.read() as session:
        query = select(RunRow.id, RunRow.worker).where(RunRow.state == "running")
        return {id_: worker for id_, worker in session.execute(query) if worker}


def is_open(database: Database) -> bool:
    """Whether any run or job has not ended, or is to be settled."""
    with database.read() as session:
        runs = session.scalar(select(func.count()).where(RunRow.state.in_(OPEN)))
        jobs = session.scalar(select(func.count()).where(JobRow.state.in_(OPEN) | JobRow.stale))
    return bool(runs or jobs)
