"""How a cluster is asked, without there being one."""

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import missing
from trainer.engines import cluster as engine
from trainer.engines import tasks
from trainer.engines.calls import Call, EngineLostError, bounded
from trainer.engines.capacity import Ask, Resources
from trainer.engines.cluster import Cluster
from trainer.engines.joining import is_installed
from trainer.engines.tasks import RayTask, death

Look = tuple[list[Resources], Resources]


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """What is set only when the test is over."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def _ray() -> None:
    if not is_installed():
        missing("Ray is not installed")


def cluster(
    monkeypatch: pytest.MonkeyPatch, look: Callable[[], Look], ask: Ask | None = None
) -> Cluster:
    monkeypatch.setattr(engine, "connect", lambda _: None)
    monkeypatch.setattr(engine, "_resources", look)
    monkeypatch.setattr(engine, "LOOK_SECONDS", 0.05)
    return Cluster("head:6379", ask or Ask(1, 0))


def test_a_call_that_never_returns_is_held_to_its_time(never: threading.Event) -> None:
    with pytest.raises(EngineLostError, match=r"Ray did not answer within 0\.05 s"):
        bounded(never.wait, 0.05, "answer")


def test_a_call_gives_what_it_gave_and_raises_what_it_raised() -> None:
    def fail() -> None:
        raise KeyError("why")

    assert bounded(lambda: 7, 5, "count") == 7
    with pytest.raises(KeyError, match="why"):
        Call(fail).result(5)


def test_places_are_those_that_neither_we_nor_others_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nodes: list[Resources] = [{"CPU": 4.0}, {"CPU": 4.0}]
    left = {"CPU": 6.0}
    asked = cluster(monkeypatch, lambda: (nodes, left))

    assert asked.free(0, 0) == 6
    assert asked.free(5, 0) == 3
    assert asked.free(9, 0) == 0
    assert asked.free(2, 2) == 4  # two of the six free ones are about to be taken


def test_a_cluster_that_is_too_small_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    nodes: list[Resources] = [{"CPU": 2.0, "GPU": 1.0}]
    asked = cluster(monkeypatch, lambda: (nodes, nodes[0]), Ask(4, 0.25))

    with caplog.at_level(logging.WARNING):
        assert [asked.free(0, 0), asked.free(0, 0)] == [0, 0]
        nodes[:] = [{"CPU": 8.0, "GPU": 1.0}]
        assert asked.free(0, 0) == 2

    assert len(caplog.messages) == 1
    assert "takes 4 CPUs and 0.25 GPUs: the largest has 2 CPUs and 1 GPUs" in caplog.messages[0]


def test_a_cluster_that_does_not_answer_has_no_place_and_then_is_lost(
    monkeypatch: pytest.MonkeyPatch, never: threading.Event
) -> None:
    def look() -> Look:
        never.wait()
        return [], {}

    asked = cluster(monkeypatch, look)
    monkeypatch.setattr(engine, "LOST_SECONDS", 60.0)
    assert asked.free(0, 0) == 0

    monkeypatch.setattr(engine, "LOST_SECONDS", 0.0)
    with pytest.raises(EngineLostError, match="has not answered for 0 s"):
        asked.free(0, 0)


def test_a_cluster_that_answers_with_an_error_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def look() -> Look:
        raise ConnectionError("disconnected\nand more")

    with pytest.raises(EngineLostError, match="lost: ConnectionError: disconnected and more"):
        cluster(monkeypatch, look).free(0, 0)


def test_an_address_where_nothing_listens_is_told_at_once_with_a_remedy() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"

        with pytest.raises(EngineLostError, match="ray start --head"):
            Cluster(address, Ask(1, 0))


@pytest.mark.usefixtures("_ray")
@pytest.mark.parametrize(("promised", "seen"), [([], ""), ([1], "0,1")])
def test_a_task_that_was_promised_no_gpu_sees_none(
    promised: list[int], seen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    monkeypatch.setattr("ray.get_gpu_ids", lambda: promised)

    tasks._hide_gpus_of_others()

    assert os.environ["CUDA_VISIBLE_DEVICES"] == seen


def deaths() -> list[tuple[Exception, str, bool]]:
    from ray import exceptions as ray

    return [
        (ray.OutOfMemoryError("…"), "memory ran out", True),
        (ray.NodeDiedError("…"), "the Ray node that trained it died", False),
        (ray.WorkerCrashedError(), "was killed", False),
        (ray.TaskCancelledError(), "was cancelled", False),
        (ray.ObjectLostError("ff", "o", "c"), "was lost", False),
        (
            ray.RayTaskError("train", "trace", ModuleNotFoundError("No module named 'trainer'")),
            "No module named 'trainer'",
            False,
        ),
        (ray.RaySystemError("broken\nmore"), "Ray did not train it: RaySystemError", False),
    ]


@pytest.mark.usefixtures("_ray")
def test_what_becomes_of_tasks_is_told_in_words() -> None:
    for error, text, is_memory in deaths():
        died = death(error)
        assert text in str(died)
        assert "\n" not in str(died)
        assert died.out_of_memory is is_memory


@pytest.mark.usefixtures("_ray")
def test_a_task_that_ray_never_begins_can_be_ended() -> None:
    task = RayTask(lambda _: threading.Event().wait())
    task.start(None)  # type: ignore[arg-type]  # it is only passed on

    assert task.message(0.05) is None
    task.kill()
    assert task.message(0) is None
