import errno
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from trainer.checkpoints import Checkpoints, Snapshot
from trainer.errors import NoSpace
from trainer.outcome import Epoch


def snapshot(number: int, value: float = 0.0) -> Snapshot:
    tensors = {"weight": torch.full((2, 3), value), "step": torch.tensor(float(number))}
    epochs = tuple(Epoch(n, 0.5, 0.25, 0.75, 1.5) for n in range(1, number + 1))
    return Snapshot(epochs, 3.0, tensors)


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    return Checkpoints(str(tmp_path))


def test_what_was_saved_is_loaded(checkpoints: Checkpoints) -> None:
    checkpoints.save("stack", "1", {"a": snapshot(2, 0.1), "b": snapshot(2, 0.2)})

    found = checkpoints.load("stack", {"a": 0, "b": 1, "c": 2})

    assert set(found) == {"a", "b"}
    assert (found["b"].epochs, found["b"].seconds) == (snapshot(2).epochs, 3.0)
    assert set(found["b"].tensors) == {"weight", "step"}
    assert torch.equal(found["b"].tensors["weight"], torch.full((2, 3), 0.2))


def test_the_newest_epoch_of_all_attempts_is_taken_for_each_run(checkpoints: Checkpoints) -> None:
    checkpoints.save("stack", "1", {"a": snapshot(1), "b": snapshot(1)})
    checkpoints.save("stack", "1", {"a": snapshot(3), "b": snapshot(3)})
    checkpoints.save("stack", "2", {"a": snapshot(2)})
    checkpoints.save("other", "1", {"a": snapshot(9)})

    found = checkpoints.load("stack", {"a": 0, "b": 1})

    assert {id_: kept.last.number for id_, kept in found.items()} == {"a": 3, "b": 3}


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "other version"])
def test_a_damaged_file_counts_as_none(
    checkpoints: Checkpoints, tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    checkpoints.save("stack", "1", {"a": snapshot(2)})
    checkpoints.save("stack", "2", {"a": snapshot(5)})
    path = tmp_path / "stack.2.safetensors"
    content = path.read_bytes()
    path.write_bytes(
        {
            "cut": content[:-7],
            "empty": b"",
            "text": b"no checkpoint at all",
            "other version": content.replace(b'\\"format\\": 1', b'\\"format\\": 9'),
        }[damage]
    )

    found = checkpoints.load("stack", {"a": 0})

    assert found["a"].last.number == 2
    assert "stack.2.safetensors" in caplog.text


def test_a_file_goes_when_all_its_runs_have_ended(checkpoints: Checkpoints, tmp_path: Path) -> None:
    checkpoints.save("stack", "1", {"a": snapshot(1), "b": snapshot(1)})
    checkpoints.save("stack", "2", {"a": snapshot(2)})

    checkpoints.discard("stack", lambda _: {"a"})
    assert [path.name for path in tmp_path.iterdir()] == ["stack.1.safetensors"]

    checkpoints.discard("stack", lambda runs: runs)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_readable_by_others_and_holds_no_pickle(
    checkpoints: Checkpoints, tmp_path: Path
) -> None:
    from safetensors import safe_open

    checkpoints.save("stack", "1", {"a": snapshot(2)})

    with safe_open(tmp_path / "stack.1.safetensors", "pt") as file:
        assert set(file.keys()) == {"a/weight", "a/step"}
        document = json.loads(file.metadata()["isobudget"])
    assert [epoch["number"] for epoch in document["runs"]["a"]["epochs"]] == [1, 2]


def test_a_folder_that_is_not_there_yet_holds_nothing(tmp_path: Path) -> None:
    assert Checkpoints(str(tmp_path / "new")).load("stack", {"a": 0}) == {}


def test_checkpoints_go_wherever_fsspec_reaches() -> None:
    checkpoints = Checkpoints("memory://folder")

    checkpoints.save("stack", "1", {"a": snapshot(2)})
    assert checkpoints.load("stack", {"a": 0})["a"].last.number == 2
    checkpoints.discard("stack", lambda _: {"a"})
    assert checkpoints.load("stack", {"a": 0}) == {}


def test_a_full_disk_is_told_in_words_and_leaves_the_last_file(
    checkpoints: Checkpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoints.save("stack", "1", {"a": snapshot(1)})

    def full(path: str, content: bytes, **_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", path)

    monkeypatch.setattr(checkpoints._files, "pipe_file", full)

    with pytest.raises(NoSpace, match=r"^A checkpoint of [\d,]+ bytes does not fit the disk of /"):
        checkpoints.save("stack", "1", {"a": snapshot(2)})
    monkeypatch.undo()
    assert checkpoints.load("stack", {"a": 0})["a"].last.number == 1
