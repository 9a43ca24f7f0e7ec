"""A Ray cluster on this machine, each of whose nodes can be killed by itself."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.conftest import missing
from tests.factories import PATIENCE

SMALL = {"object_store_memory": 80_000_000, "include_log_monitor": False}
SOON_DEAD = {  # a node that is gone is given up after about 2 s, not 20; one that is slow is not
    "health_check_initial_delay_ms": 1000,
    "health_check_period_ms": 500,
    "health_check_timeout_ms": 60_000,
    "health_check_failure_threshold": 3,
}


class Nodes:
    """A head, without CPUs unless told otherwise, and what is added to it."""

    def __init__(self, **head: Any) -> None:
        from ray.cluster_utils import Cluster

        settings = {"num_cpus": 0, **SMALL, "_system_config": SOON_DEAD, **head}
        settings["include_dashboard"] = False
        self._cluster = Cluster(initialize_head=True, head_node_args=settings)
        self.address: str = self._cluster.address

    def add(self, cpus: int = 1, gpus: int = 0) -> Any:
        return self._cluster.add_node(num_cpus=cpus, num_gpus=gpus, wait=False, **SMALL)

    def kill(self, node: Any) -> None:
        """As if it had lost its power."""
        self._cluster.remove_node(node, allow_graceful=False)

    def kill_head(self) -> None:
        node = self._cluster.head_node
        for processes in node.all_processes.values():
            for info in processes:
                info.process.kill()

    @contextmanager
    def frozen_head(self) -> Iterator[None]:
        """As if the network to it were cut: it takes connections, and answers nothing."""
        (gcs,) = self._cluster.head_node.all_processes["gcs_server"]
        os.kill(gcs.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(gcs.process.pid, signal.SIGCONT)

    def wait(self) -> None:
        self._cluster.wait_for_nodes(PATIENCE)

    def close(self) -> None:
        self._cluster.shutdown()


@contextmanager
def cluster(*cpus: int, **head: Any) -> Iterator[Nodes]:
    """A cluster with a node for each number of CPUs."""
    try:
        import ray  # noqa: F401
    except ModuleNotFoundError:
        missing("Ray is not installed")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    nodes = Nodes(**head)
    try:
        for number in cpus:
            nodes.add(number)
        nodes.wait()
        yield nodes
    finally:
        nodes.close()
