"""Runs that start with the final weights of their original's runs, wherever these are to be had."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app.experiments.recipes import Recipe
from solver.network.counting import count
from tests.trainer.factories import architecture
from trainer import warm
from trainer.outcome import Outcome
from trainer.process import End, Failed, Origin, Paused, Progress, Task, ends_of

pytestmark = pytest.mark.slow  # trains

NETWORK: list[dict[str, Any]] = [
    {"type": "conv2d", "name": "stem", "out_channels": 4, "kernel_size": 3},
    {"type": "relu"},
    {"type": "flatten"},
    {"type": "linear", "out_features": 10},
]
ORIGINAL = architecture(NETWORK, resolution=6)
VARIANT = architecture(NETWORK, resolution=8)


def task(folder: Path, **changes: Any) -> Task:
    """Two seeds of the variant, which start from the original's."""
    settings: dict[str, Any] = {
        "architecture": VARIANT,
        "expected": count(VARIANT),
        "dataset": "digits",
        "dataset_version": "1",
        "detail": None,
        "training_images": 200,
        "recipe": Recipe(epochs=2, warm_start=True),
        "seeds": {"a": 0, "b": 1},
        "until": 2,
        "stack": "variant",
        "attempt": "1",
        "data_dir": Path("nowhere"),
        "cache_dir": folder / "cache",
        "checkpoints": str(folder / "checkpoints"),
        "threads": 1,
        "origin": Origin(ORIGINAL, count(ORIGINAL), {"x": 0, "y": 1}, "original"),
        **changes,
    }
    return Task(**settings)


def original_task(folder: Path, **changes: Any) -> Task:
    own = {"architecture": ORIGINAL, "expected": count(ORIGINAL), "stack": "original"}
    recipe, seeds = Recipe(epochs=2), {"x": 0, "y": 1}
    return task(folder, **{**own, "origin": None, "recipe": recipe, "seeds": seeds, **changes})


def done(asked: Task) -> Mapping[str, End]:
    return ends_of(asked, lambda _: None)


def measured(ends: Mapping[str, End]) -> dict[str, Any]:
    """What the ends say, without the time that it took."""
    assert all(isinstance(end, Outcome) for end in ends.values()), ends
    return {id_: (end.test_correct, end.validation_accuracy) for id_, end in ends.items()}  # type: ignore[union-attr]


def refuse(*_: Any) -> Any:
    pytest.fail("the original is trained")


def test_runs_start_where_the_original_s_ended(tmp_path: Path) -> None:
    """All weights fit a network that is the original itself."""
    origin = Origin(VARIANT, count(VARIANT), {"x": 0, "y": 1}, "original")
    recipe = Recipe(epochs=4, batch_size=20, warm_start=True)
    told: list[Progress] = []

    ends_of(task(tmp_path, origin=origin, recipe=recipe, until=4), told.append)
    ends_of(task(tmp_path, origin=None, recipe=recipe, until=4, stack="cold"), told.append)

    warm_epochs, cold_epochs = told[:4], told[4:]
    for id_ in ("a", "b"):
        first, last = warm_epochs[0].epochs[id_][0], cold_epochs[-1].epochs[id_][0]
        assert (first.number, last.number) == (1, 4)
        assert first.train_loss < last.train_loss


def test_an_original_whose_last_checkpoint_is_there_is_not_trained_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done(original_task(tmp_path))
    monkeypatch.setattr(warm, "ends_of", refuse)

    assert measured(done(task(tmp_path))).keys() == {"a", "b"}


@pytest.mark.parametrize("known", [0, 1])
def test_an_original_whose_checkpoint_is_not_there_or_not_the_last_is_trained_and_all_is_bit_equal(
    known: int, tmp_path: Path
) -> None:
    done(original_task(tmp_path / "one"))
    expected = measured(done(task(tmp_path / "one")))
    if known:
        done(original_task(tmp_path / "two", until=known))

    assert measured(done(task(tmp_path / "two"))) == expected


def test_the_checkpoints_of_an_original_that_is_trained_for_another_have_a_name_of_their_own(
    tmp_path: Path,
) -> None:
    done(original_task(tmp_path))
    before = {path.name: path.read_bytes() for path in (tmp_path / "checkpoints").iterdir()}
    (tmp_path / "checkpoints" / "original.x.1.safetensors").write_bytes(b"damaged")

    done(task(tmp_path))

    after = {path.name for path in (tmp_path / "checkpoints").iterdir()}
    assert set(before) == {"original.x.1.safetensors"}
    assert after - set(before) == {"original.x.a.1.safetensors", "variant.a.1.safetensors"}


def test_a_run_that_was_paused_goes_on_without_its_original_and_ends_bit_equal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = measured(done(task(tmp_path / "one")))

    assert set(done(task(tmp_path / "two", until=1)).values()) == {Paused()}
    monkeypatch.setattr(warm, "starts_of", refuse)

    assert measured(done(task(tmp_path / "two", attempt="2"))) == expected


def test_where_the_original_fails_so_do_the_runs_that_start_from_it_and_name_it(
    tmp_path: Path,
) -> None:
    network = architecture([*NETWORK[2:], NETWORK[3]], resolution=6)
    origin = Origin(network, count(network), {"x": 0, "y": 1}, "original")
    recipe = Recipe(epochs=2, learning_rate=1e30, warm_start=True)

    ends = done(task(tmp_path, origin=origin, recipe=recipe))

    for id_, of in (("a", "x"), ("b", "y")):
        end = ends[id_]
        assert isinstance(end, Failed)
        assert end.kind == "diverged"
        assert end.reason.startswith(f"The run {of} of its original failed: Training diverged in ")


def test_a_seed_whose_original_fails_does_not_keep_the_others_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done(original_task(tmp_path, seeds={"x": 0}))
    lost = {"y": Failed("no_space", "The disk is full.")}
    monkeypatch.setattr(warm, "ends_of", lambda *_: lost)

    ends = done(task(tmp_path))

    assert ends["b"] == Failed("no_space", "The run y of its original failed: The disk is full.")
    assert isinstance(ends["a"], Outcome)
    assert ends["a"].seeds_at_once == (0,)


def test_what_does_not_fit_its_data_is_said_of_the_original(tmp_path: Path) -> None:
    wrong = count(VARIANT)
    origin = Origin(ORIGINAL, wrong, {"x": 0, "y": 1}, "original")

    ends = done(task(tmp_path, origin=origin))

    assert {getattr(end, "kind", None) for end in ends.values()} == {"count_mismatch"}
    assert "The run x of its original failed: The built network has" in str(ends["a"])
