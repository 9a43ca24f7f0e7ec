import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from tests.trainer.factories import CACHE_KEY, equal, tensors
from trainer.cache import NOWHERE, Disk, Memory, checksum_of, staging


class Made:
    def __init__(self, nbytes: int) -> None:
        self.nbytes = nbytes


def test_memory_makes_a_value_once() -> None:
    memory = Memory[Made](10)

    assert memory.get("a", lambda: Made(1)) is memory.get("a", lambda: Made(1))


def test_memory_is_bounded_in_bytes_and_forgets_what_was_not_used_for_longest() -> None:
    memory = Memory[Made](10)
    first, second = memory.get("a", lambda: Made(4)), memory.get("b", lambda: Made(4))
    memory.get("a", lambda: Made(4))

    memory.get("c", lambda: Made(5))

    assert memory.nbytes == 9
    assert memory.get("a", lambda: Made(4)) is first
    assert memory.get("b", lambda: Made(4)) is not second
    for size in range(11):
        memory.get(size, lambda size=size: Made(size))  # type: ignore[misc]
        assert memory.nbytes <= 10


def test_what_is_larger_than_the_memory_is_given_but_not_kept() -> None:
    memory = Memory[Made](10)
    small = memory.get("small", lambda: Made(1))

    assert memory.get("large", lambda: Made(11)).nbytes == 11
    assert memory.nbytes == 1
    assert memory.get("small", lambda: Made(1)) is small


def test_what_fails_to_be_made_is_not_kept() -> None:
    memory = Memory[Made](10)

    def fail() -> Made:
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        memory.get("a", fail)
    assert memory.get("a", lambda: Made(1)).nbytes == 1


def test_the_disk_gives_back_what_was_put(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "made" / "when needed")

    assert disk.get(CACHE_KEY) is None
    disk.put(CACHE_KEY, tensors())

    assert equal(disk.get(CACHE_KEY), tensors())
    assert disk.get({**CACHE_KEY, "resolution": 6}) is None
    assert equal(Disk(disk.folder).get(dict(reversed(CACHE_KEY.items()))), tensors())


def test_without_a_folder_nothing_is_kept() -> None:
    NOWHERE.put(CACHE_KEY, tensors())

    assert NOWHERE.get(CACHE_KEY) is None


def damaged(path: Path, how: str) -> None:
    data = path.read_bytes()
    path.write_bytes(
        {
            "empty": b"",
            "cut": data[: len(data) // 2],
            "cut in the header": data[:30],
            "one bit": data[:-100] + bytes([data[-100] ^ 1]) + data[-99:],
            "a bit of the header": data[:20] + bytes([data[20] ^ 1]) + data[21:],
            "longer": data + b"\0",
            "another file": b"no tensors" * 100,
            "a header without end": b"\xff" * 8 + data[8:],
        }[how]
    )


@pytest.mark.parametrize(
    "how",
    [
        "empty",
        "cut",
        "cut in the header",
        "one bit",
        "a bit of the header",
        "longer",
        "another file",
        "a header without end",
    ],
)
def test_a_damaged_file_is_ignored_and_written_anew(
    tmp_path: Path, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    disk = Disk(tmp_path)
    disk.put(CACHE_KEY, tensors())
    (path,) = tmp_path.iterdir()
    damaged(path, how)

    assert disk.get(CACHE_KEY) is None
    assert "made anew" in caplog.text

    disk.put(CACHE_KEY, tensors())
    assert equal(disk.get(CACHE_KEY), tensors())
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_written_only_costs_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    disk = Disk(tmp_path / "file")

    disk.put(CACHE_KEY, tensors())

    assert disk.get(CACHE_KEY) is None
    assert f"nothing can be kept in {tmp_path / 'file'}" in caplog.text


def test_a_full_disk_only_costs_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        (path,) = tmp_path.iterdir()
        (path / "tensors").write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("trainer.cache.save_file", full)

    Disk(tmp_path).put(CACHE_KEY, tensors())

    assert "No space left" in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_a_real_full_disk_only_costs_time(caplog: pytest.LogCaptureFixture) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    Disk(Path("/dev/full")).put(CACHE_KEY, tensors())

    assert caplog.records


def test_what_was_given_does_not_change_with_the_file(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    disk.put(CACHE_KEY, tensors())
    given = disk.get(CACHE_KEY)
    (path,) = tmp_path.iterdir()

    os.truncate(path, 0)

    assert equal(given, tensors())


@pytest.mark.slow
def test_two_processes_may_write_the_same_at_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    code = (
        "import sys; from pathlib import Path; from trainer.cache import Disk\n"
        "from tests.trainer.factories import CACHE_KEY, equal, tensors\n"
        "disk = Disk(Path(sys.argv[1]))\n"
        "for _ in range(100):\n"
        "    disk.put(CACHE_KEY, tensors())\n"
        "    assert equal(disk.get(CACHE_KEY), tensors())\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]

    writers = [subprocess.Popen(command) for _ in range(2)]
    while any(writer.poll() is None for writer in writers):
        found = Disk(tmp_path).get(CACHE_KEY)
        assert found is None or equal(found, tensors())

    assert [writer.returncode for writer in writers] == [0, 0]
    assert not caplog.records
    assert len(list(tmp_path.iterdir())) == 1


def test_what_a_killed_process_left_is_removed_a_day_later(tmp_path: Path) -> None:
    with staging(tmp_path) as now:
        old = tmp_path / now.name.replace(now.name[-3:], "old")
        old.mkdir()
        (old / "tensors").touch()
        os.utime(old, (time.time() - 100_000,) * 2)

        with staging(tmp_path):
            assert not old.exists()
            assert now.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_checksum_is_that_of_names_shapes_types_and_values() -> None:
    one = torch.zeros(4, dtype=torch.uint8)
    others = [
        {"b": one},
        {"a": one + 1},
        {"a": one.reshape(2, 2)},
        {"a": torch.zeros(1, dtype=torch.int32)},
        {"a": one, "b": one},
    ]

    assert checksum_of({"a": one}) == checksum_of({"a": one.clone()})
    assert len({checksum_of(made) for made in [{"a": one}, *others]}) == 6
