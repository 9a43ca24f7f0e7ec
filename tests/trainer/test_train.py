import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from app.experiments.recipes import Recipe
from app.shipped import example
from solver.network.architecture import Architecture
from tests.trainer.factories import SMALL_LAYERS, architecture, images, resnet8
from tests.trainer.trainings import EVERY_LAYER, RESIDUAL, in_training
from trainer.datasets import load
from trainer.errors import Diverged
from trainer.images import DataMismatch, Images
from trainer.networks import build
from trainer.outcome import Epoch, Outcome
from trainer.stacked import Stacked
from trainer.train import best_device, learning_rate, outcomes, train

pytestmark = pytest.mark.slow  # trains


def run(
    network: Architecture | None = None,
    data: Images | None = None,
    *,
    seed: int = 0,
    on_epoch: Callable[[Epoch], None] = lambda _: None,
    **settings: Any,
) -> Outcome:
    training = in_training(network, data, seeds=[seed], **settings)
    train(training, training.recipe.epochs, lambda measured: on_epoch(measured[seed]))
    return outcomes(training, threads=1)[seed]


def losses(**settings: Any) -> list[tuple[float, float]]:
    epochs: list[Epoch] = []
    run(on_epoch=epochs.append, **settings)
    return [(epoch.train_loss, epoch.validation_loss) for epoch in epochs]


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[Tensor]:
    """Every batch of images that the networks built from here on are trained with."""
    seen: list[Tensor] = []

    class Recorded(Stacked):
        def forward(self, images_BMHW: Tensor) -> Tensor:
            if self.training:
                seen.append(images_BMHW)
            logits_SBK: Tensor = super().forward(images_BMHW)  # type: ignore[no-untyped-call]
            return logits_SBK

    monkeypatch.setattr("trainer.stacked.Stacked", Recorded)
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


ONE_PIXEL: list[dict[str, Any]] = [
    {"type": "conv2d", "out_channels": 4, "kernel_size": 8},
    {"type": "batch_norm2d", "name": "norm"},
    {"type": "relu"},
    {"type": "conv2d", "out_channels": 10, "kernel_size": 1},
]
"""A batch norm that sees one pixel of each image; the output is maps of one pixel."""


@pytest.mark.parametrize("batch_size", [49, 7])
def test_an_image_that_is_left_over_is_trained_on_with_those_before_it(
    batches: list[Tensor], batch_size: int
) -> None:
    training = in_training(architecture(ONE_PIXEL), seeds=[0, 1], batch_size=batch_size)

    train(training, 2, lambda _: None)

    assert [len(batch) for batch in batches[: len(batches) // 2]] == training.batches
    assert training.batches[-1] == batch_size + 1
    assert sum(training.batches) == 50
    assert len(outcomes(training, threads=1)) == 2


def test_a_batch_norm_is_not_trained_on_one_image() -> None:
    with pytest.raises(DataMismatch, match=r"^A batch of one image cannot train 'norm': .*\.$"):
        in_training(architecture(ONE_PIXEL), batch_size=1)
    one = in_training(architecture(SMALL_LAYERS), batch_size=1, epochs=1)  # of 6×6 pixels

    train(one, 1, lambda _: None)

    assert len(one.epochs[0]) == 1


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
    assert outcome.seeds_at_once == (7,)
    assert outcome.versions["torch"] == torch.__version__
    assert set(outcome.versions) == {"python", "torch", "torchvision", "isobudget"}


LINEAR = {"type": "linear", "out_features": 10}


def test_a_training_that_diverges_says_when() -> None:
    told: list[Any] = []
    network = architecture([{"type": "flatten"}, LINEAR, LINEAR])
    training = in_training(network, epochs=9, learning_rate=1e30)

    train(training, 9, told.append)

    assert told == [{}]
    assert str(training.failures[0]).startswith("Training diverged in epoch 1 of 9: the loss is ")
    assert outcomes(training, threads=1) == {}


def test_a_validation_loss_that_is_not_finite_is_divergence_too() -> None:
    # The only update of the epoch comes behind its only training loss, which is still finite.
    network = architecture([{"type": "flatten"}, LINEAR, LINEAR])
    training = in_training(network, batch_size=50, learning_rate=1e30)

    train(training, 2, lambda _: None)

    with pytest.raises(
        Diverged, match=r"is \d\.\d+ on the training and (nan|inf) on the validation"
    ):
        raise training.failures[0]


def test_a_seed_that_diverges_does_not_disturb_those_beside_it() -> None:
    told: list[dict[int, Epoch]] = []
    healthy, beside = in_training(seeds=[0, 1, 2]), in_training(seeds=[0, 1, 2])
    weights = next(beside.groups[0].network.parameters())
    weights.data.chunk(3)[1].fill_(math.nan)

    train(healthy, 2, lambda _: None)
    train(beside, 2, lambda measured: told.append(dict(measured)))

    assert [sorted(measured) for measured in told] == [[0, 2], [0, 2]]
    assert list(beside.failures) == [1]
    expected = outcomes(healthy, threads=1)
    assert [(o.seed, o.test_correct) for o in outcomes(beside, threads=1).values()] == [
        (seed, expected[seed].test_correct) for seed in (0, 2)
    ]


PLAIN = [*EVERY_LAYER[7:9], EVERY_LAYER[3], *EVERY_LAYER[10:]]
MOMENTUM = {"learning_rate": 0.01, "momentum": 0.9, "nesterov": True}


@pytest.mark.parametrize(
    ("optimizer", "settings", "make"),
    [
        ("adadelta", {}, torch.optim.Adadelta),
        ("adamw", {}, torch.optim.AdamW),
        ("adam", {}, torch.optim.Adam),
        ("sgd", {"learning_rate": 0.1}, torch.optim.SGD),
        ("sgd", MOMENTUM, partial(torch.optim.SGD, momentum=0.9, nesterov=True)),
    ],
)
@pytest.mark.parametrize("layers", [EVERY_LAYER, PLAIN, RESIDUAL])
def test_seeds_trained_together_are_those_trained_one_by_one(
    layers: list[dict[str, Any]],
    optimizer: str,
    settings: dict[str, Any],
    make: Callable[..., torch.optim.Optimizer],
) -> None:
    """Against a plain loop over a plain network, in the same order of the data: 20 steps."""
    network = architecture(layers, resolution=12)
    data = images(resolution=12)
    training = in_training(
        network, data, seeds=[3, 4, 5], epochs=4, optimizer=optimizer, **settings
    )
    train(training, 4, lambda _: None)

    for seed in training.seeds:
        torch.manual_seed(seed)
        alone = build(network)
        plain = make(alone.parameters(), lr=training.recipe.learning_rate, weight_decay=0.0)
        order_seed = int(np.random.SeedSequence(seed).generate_state(2)[0])
        order = torch.Generator().manual_seed(order_seed)
        for _ in range(4):
            for batch in torch.split(torch.randperm(50, generator=order), 10):
                plain.zero_grad()
                logits = alone(data.train.images[batch] / 255).flatten(1)
                cross_entropy(logits, data.train.labels[batch]).backward()  # type: ignore[no-untyped-call]
                plain.step()
        found = training.snapshots()[seed].tensors.values()
        for expected, own in zip(alone.state_dict().values(), found, strict=False):
            torch.testing.assert_close(own.reshape(expected.shape), expected, atol=1e-4, rtol=0)


def test_seeds_of_a_graph_are_bit_equal_whoever_is_trained_beside_them() -> None:
    network, data = architecture(RESIDUAL, resolution=12), images(resolution=12)
    beside = in_training(network, data, seeds=[0, 1, 2])
    alone = in_training(network, data, seeds=[1])
    train(beside, 2, lambda _: None)
    train(alone, 2, lambda _: None)

    (group,) = alone.groups
    assert [it.seeds for it in beside.groups] == [(0,), (1,), (2,)]
    assert torch.equal(beside.groups[1].parameters.vector, group.parameters.vector)
    ends = outcomes(beside, threads=1)
    assert ends[1].test_correct == outcomes(alone, threads=1)[1].test_correct
    assert ends[1].seeds_at_once == (1,)


def test_a_seed_of_a_graph_that_was_given_up_is_not_trained_on() -> None:
    told: list[list[int]] = []
    training = in_training(
        architecture(RESIDUAL, resolution=12), images(resolution=12), seeds=[0, 1]
    )
    training.groups[0].parameters.vector.data.fill_(math.nan)

    train(training, 2, lambda measured: told.append(sorted(measured)))

    assert told == [[1], [1]]
    assert list(training.failures) == [0]
    assert list(training.snapshots()) == list(outcomes(training, threads=1)) == [1]


def test_a_resnet_learns_digits(tmp_path: Path) -> None:
    network = Architecture.model_validate(resnet8())

    outcome = run(network, load("digits", tmp_path).at(8), epochs=2, batch_size=100, name="fast")

    assert outcome.test_accuracy > 0.9


def test_the_residual_network_of_the_examples_learns_digits(tmp_path: Path) -> None:
    network = Architecture.model_validate(example("digits-resnet8"))

    outcome = run(network, load("digits", tmp_path).at(6), epochs=1, batch_size=100, name="fast")

    assert outcome.test_accuracy > 0.5


def test_each_seed_has_its_own_weights_order_and_result(batches: list[Tensor]) -> None:
    training = in_training(seeds=[0, 1, 2])
    weights = next(training.groups[0].network.parameters()).detach().chunk(3)

    assert not torch.equal(weights[0], weights[1])
    train(training, 2, lambda _: None)

    first = batches[0].chunk(3, dim=1)
    assert not torch.equal(first[0], first[1])
    ends = outcomes(training, threads=1)
    assert len({outcome.test_correct for outcome in ends.values()}) == 3
    assert ends[1].seeds_at_once == (0, 1, 2)


DROPPING: list[dict[str, Any]] = [
    {"type": "conv2d", "out_channels": 4, "kernel_size": 3},
    {"type": "dropout", "p": 0.2},
    *SMALL_LAYERS[1:3],
    {"type": "dropout2d", "p": 0.2, "name": "dropped"},
]
AROUND: list[dict[str, Any]] = [
    {"type": "conv2d", "out_channels": 4, "kernel_size": 3, "padding": 1, "name": "block"},
    {"type": "add", "inputs": ["dropped", "block"]},
]


@pytest.mark.parametrize(
    "recipe",
    [
        {"name": "paper"},
        {"name": "fast"},
        {"name": "adam"},
        {"name": "sgd"},
        {"optimizer": "sgd", "learning_rate": 0.1},  # has no state
    ],
    ids=["paper", "fast", "adam", "sgd", "plain sgd"],
)
@pytest.mark.parametrize("killed_at", [1, 2, 3])
@pytest.mark.parametrize(
    "layers", [[*DROPPING, *SMALL_LAYERS[3:]], [*DROPPING, *AROUND, *SMALL_LAYERS[3:]]]
)
def test_a_training_that_goes_on_from_a_snapshot_is_bit_equal(
    layers: list[dict[str, Any]], recipe: dict[str, Any], killed_at: int
) -> None:
    settings: dict[str, Any] = {"seeds": [0, 1], "epochs": 4, **recipe}
    straight: list[dict[int, Epoch]] = []
    whole = in_training(architecture(layers), **settings)
    train(whole, 4, lambda measured: straight.append(dict(measured)))

    killed = in_training(architecture(layers), **settings)
    train(killed, killed_at, lambda _: None)
    resumed = in_training(architecture(layers), **settings)
    resumed.resume(killed.snapshots())
    told: list[dict[int, Epoch]] = []
    train(resumed, 4, lambda measured: told.append(dict(measured)))

    def measures(epochs: list[dict[int, Epoch]]) -> list[Any]:
        return [
            (seed, e.number, e.train_loss, e.validation_loss, e.validation_accuracy)
            for measured in epochs
            for seed, e in measured.items()
        ]

    assert measures(told) == measures(straight[killed_at:])
    for one, other in zip(resumed.groups, whole.groups, strict=True):
        assert torch.equal(one.parameters.vector, other.parameters.vector)
    assert outcomes(resumed, 1)[1].test_correct == outcomes(whole, 1)[1].test_correct


def test_a_snapshot_does_not_change_with_the_training_that_gave_it() -> None:
    training = in_training(epochs=3)
    train(training, 1, lambda _: None)
    snapshot = training.snapshots()[0]
    before = {name: value.clone() for name, value in snapshot.tensors.items()}

    train(training, 3, lambda _: None)

    assert snapshot.last.number == 1
    assert all(torch.equal(before[name], value) for name, value in snapshot.tensors.items())


def test_the_rate_of_one_cycle_rises_a_fifth_of_the_steps_and_falls_to_nothing() -> None:
    recipe = Recipe.model_validate({"schedule": "one_cycle", "learning_rate": 2.0})

    rates = [learning_rate(recipe, step, 100) for step in range(100)]

    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == rates[19] == 2.0
    assert rates[60] == pytest.approx(1.0)
    assert rates[99] == pytest.approx(2.0 / 80)
    assert {learning_rate(Recipe(), step, 100) for step in range(100)} == {1.0}


def test_autocast_computes_in_bfloat16_and_keeps_float32_weights() -> None:
    training = in_training(autocast=True, epochs=1)
    train(training, 1, lambda _: None)

    assert training.groups[0].parameters.vector.dtype == torch.float32
    plain = in_training(epochs=1)
    train(plain, 1, lambda _: None)
    assert training.epochs[0][-1].train_loss == pytest.approx(
        plain.epochs[0][-1].train_loss, rel=0.02
    )
    assert training.epochs[0][-1].train_loss != plain.epochs[0][-1].train_loss


def test_the_best_device_is_one_that_is_there() -> None:
    assert torch.zeros(1, device=best_device()).item() == 0
