import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from app.catalogue import Recipe
from solver.architecture import Architecture
from tests.trainer.factories import SMALL_LAYERS, architecture, images
from trainer import networks
from trainer.datasets import load
from trainer.images import DataMismatch, Images
from trainer.outcome import Epoch, Outcome
from trainer.train import Diverged, best_device, train

CPU = torch.device("cpu")


def run(
    network: Architecture | None = None,
    data: Images | None = None,
    *,
    seed: int = 0,
    epochs: int = 2,
    batch_size: int = 10,
    on_epoch: Callable[[Epoch], None] = lambda _: None,
    **overrides: Any,
) -> Outcome:
    return train(
        network or architecture(),
        data or images(),
        Recipe.model_validate({"epochs": epochs, "batch_size": batch_size, **overrides}),
        seed=seed,
        threads=1,
        device=CPU,
        on_epoch=on_epoch,
    )


def losses(**settings: Any) -> list[tuple[float, float]]:
    epochs: list[Epoch] = []
    run(on_epoch=epochs.append, **settings)
    return [(epoch.train_loss, epoch.validation_loss) for epoch in epochs]


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[Tensor]:
    """Every batch of images that the networks built from here on are trained with."""
    seen: list[Tensor] = []

    def record(module: nn.Module, inputs: tuple[Tensor]) -> None:
        if module.training:
            seen.append(inputs[0])

    def build(architecture: Architecture) -> nn.Module:
        network = networks.build(architecture)
        network.register_forward_pre_hook(record)
        return network

    monkeypatch.setattr("trainer.train.build", build)
    return seen


def test_the_recipe_learns_digits(tmp_path: Path) -> None:
    outcome = run(data=load("digits", tmp_path).at(8), epochs=10, batch_size=100)

    assert outcome.test_accuracy > 0.9
    assert outcome.validation_accuracy > 0.9


def test_the_same_seed_gives_bit_equal_results() -> None:
    assert losses(seed=3) == losses(seed=3)
    assert run(seed=3).test_correct == run(seed=3).test_correct


def test_another_seed_gives_other_results() -> None:
    assert losses(seed=3) != losses(seed=4)


def test_what_was_drawn_before_makes_no_difference_and_is_not_disturbed() -> None:
    torch.manual_seed(1)
    first = losses()
    drawn = torch.rand(3)
    torch.manual_seed(1)

    assert torch.equal(torch.rand(3), drawn)
    assert losses() == first


def test_a_seed_gives_all_networks_the_same_order_of_the_data(batches: list[Tensor]) -> None:
    run(architecture(SMALL_LAYERS), seed=5)
    one = batches.copy()
    batches.clear()
    run(architecture([{"type": "flatten"}, {"type": "linear", "out_features": 10}]), seed=5)

    assert len(one) == 10
    assert all(torch.equal(a, b) for a, b in zip(one, batches, strict=True))


def test_every_epoch_sees_every_image_once_in_another_order(batches: list[Tensor]) -> None:
    data = images()

    run(data=data, batch_size=15)

    assert [len(batch) for batch in batches] == [15, 15, 15, 5] * 2
    first, second = torch.cat(batches[:4]), torch.cat(batches[4:])
    assert not torch.equal(first, second)
    expected = sorted((data.train.images / 255).flatten(1).tolist())
    assert sorted(first.flatten(1).tolist()) == expected
    assert sorted(second.flatten(1).tolist()) == expected


def test_images_are_in_zero_to_one_at_the_resolution_of_the_network(batches: list[Tensor]) -> None:
    run(architecture(resolution=6), images(resolution=8))

    shown = torch.cat(batches)
    assert shown.shape[1:] == (1, 6, 6)
    assert shown.min() >= 0
    assert 0.5 < shown.max() <= 1


def test_every_epoch_is_told_while_it_happens() -> None:
    epochs: list[Epoch] = []

    outcome = run(epochs=3, on_epoch=epochs.append)

    assert [epoch.number for epoch in epochs] == [1, 2, 3]
    assert all(math.isfinite(epoch.train_loss + epoch.validation_loss) for epoch in epochs)
    assert epochs[-1].validation_accuracy == outcome.validation_accuracy


def test_what_on_epoch_raises_ends_the_training() -> None:
    def cancel(epoch: Epoch) -> None:
        raise InterruptedError(epoch.number)

    with pytest.raises(InterruptedError, match="1"):
        run(on_epoch=cancel)


def test_the_training_loss_is_the_mean_over_images_and_not_over_batches() -> None:
    # No update is felt with so small a rate: both batchings see the initial network's losses.
    linear = architecture([{"type": "flatten"}, {"type": "linear", "out_features": 10}])
    one = losses(network=linear, epochs=1, batch_size=50, learning_rate=1e-30)
    uneven = losses(network=linear, epochs=1, batch_size=49, learning_rate=1e-30)

    assert uneven[0][0] == pytest.approx(one[0][0], rel=1e-6)


def test_the_outcome_says_which_test_images_were_right() -> None:
    outcome = run()

    right = np.unpackbits(np.frombuffer(outcome.test_correct, dtype=np.uint8), count=20)
    assert len(outcome.test_correct) == 3
    assert right.mean() == outcome.test_accuracy


def test_the_outcome_says_what_it_takes_to_repeat_it() -> None:
    outcome = run(seed=7)

    assert (outcome.seed, outcome.threads, outcome.device) == (7, 1, "cpu")
    assert outcome.versions["torch"] == torch.__version__
    assert set(outcome.versions) == {"python", "torch", "torchvision", "isobudget"}
    assert torch.get_num_threads() == 1


def test_a_training_that_diverges_says_when() -> None:
    linear = {"type": "linear", "out_features": 10}
    epochs: list[Epoch] = []

    with pytest.raises(
        Diverged, match=r"^Training diverged in epoch 1 of 9: the loss is (nan|inf)"
    ):
        run(
            architecture([{"type": "flatten"}, linear, linear]),
            epochs=9,
            learning_rate=1e30,
            on_epoch=epochs.append,
        )
    assert epochs == []


def test_a_validation_loss_that_is_not_finite_is_divergence_too() -> None:
    # The only update of the epoch comes behind its only training loss, which is still finite.
    linear = {"type": "linear", "out_features": 10}

    with pytest.raises(
        Diverged, match=r"is \d\.\d+ on the training and (nan|inf) on the validation"
    ):
        run(
            architecture([{"type": "flatten"}, linear, linear]),
            batch_size=50,
            learning_rate=1e30,
        )


def test_a_network_that_does_not_fit_the_data_is_refused_before_training() -> None:
    with pytest.raises(DataMismatch):
        run(architecture(channels=3))


def test_the_best_device_is_one_that_is_there() -> None:
    assert torch.zeros(1, device=best_device()).item() == 0
