"""Training the seeds of a network: a plain loop that reads like its recipe.

S seeds, B images of a batch, N of a split, C channels of one network, M = S·C, H height, W width,
K classes.
"""

import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from app.experiments.fitting import too_small
from app.experiments.recipes import Recipe
from solver.network.architecture import Architecture
from trainer.alone import at_once
from trainer.checkpoints import Snapshot
from trainer.errors import Diverged, sentence
from trainer.images import DataMismatch, Images, Split
from trainer.networks import build
from trainer.outcome import Epoch, Outcome, versions
from trainer.splits import batch_sizes
from trainer.together import Together
from trainer.weights import Weights, adopt

logger = logging.getLogger(__name__)

_EVALUATED_AT_ONCE: Final = 250
_RISING: Final = 0.2
"""Share of all steps in which the learning rate of ``one_cycle`` goes up."""


def best_device() -> torch.device:
    """Return the CUDA device if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_name(device: torch.device) -> str:
    """Return ``cpu``, or the name of the GPU."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


class Training:
    """The networks of some seeds, and the data that they are trained on.

    A seed fixes the initial weights that are not given, the dropout and the order of the data,
    which is the same for every network. On a CPU, results are bit-equal for the same network, seed,
    threads, versions and seeds beside it. PyTorch's own generators are left as they were.

    Parameters
    ----------
    images
        As the network takes them (:func:`trainer.images.fitted`).
    starts
        Weights that seeds start with, where layers have the same names and shapes.

    Attributes
    ----------
    groups
        The networks: all in one group for a sequence, one in each group for a graph.
    seconds
        How long all epochs took together.
    batches
        Sizes of an epoch's batches.

    Raises
    ------
    DataMismatch
        A batch norm cannot be trained on batches as small as these.
    """

    def __init__(
        self,
        architecture: Architecture,
        images: Images,
        recipe: Recipe,
        *,
        seeds: Sequence[int],
        device: torch.device,
        starts: Mapping[int, Weights] | None = None,
    ) -> None:
        self.recipe = recipe
        self.seeds = tuple(seeds)
        self.device = device
        self.images = images
        self.train, self.validation = images.train.to(device), images.validation.to(device)
        self.batches = batch_sizes(len(self.train), recipe.batch_size)
        if lonely := too_small(architecture, min(self.batches)):
            raise DataMismatch(sentence(lonely))
        streams = [np.random.SeedSequence(seed).generate_state(2).tolist() for seed in seeds]
        orders = [torch.Generator().manual_seed(order) for order, _ in streams]
        dropouts = [torch.Generator(device).manual_seed(dropout) for _, dropout in streams]
        with torch.random.fork_rng(devices=[]):
            networks = [_initial(architecture, seed, starts or {}).to(device) for seed in seeds]
            modules = at_once(networks, dropouts)
        each = len(seeds) // len(modules)
        self.groups = []
        for position, module in enumerate(modules):
            own = slice(position * each, (position + 1) * each)
            group = Together(module, recipe, self.seeds[own], orders[own], dropouts[own])
            self.groups.append(group)
        self.seconds = 0.0

    @property
    def epochs(self) -> dict[int, tuple[Epoch, ...]]:
        """What each epoch measured of each seed."""
        return {seed: own for group in self.groups for seed, own in group.epochs.items()}

    @property
    def failures(self) -> dict[int, Diverged]:
        """Why seeds were given up."""
        return {seed: why for group in self.groups for seed, why in group.failures.items()}

    @property
    def epochs_done(self) -> int:
        """How many epochs are done."""
        return max(map(len, self.epochs.values()))

    def snapshots(self) -> dict[int, Snapshot]:
        """Return what each seed needs to resume from here, except for seeds that were given up."""
        return {
            seed: Snapshot(group.epochs[seed], self.seconds, part)
            for group in self.groups
            if not group.is_over
            for seed, part in zip(group.seeds, group.state(), strict=True)
            if seed not in group.failures
        }

    def resume(self, snapshots: Mapping[int, Snapshot]) -> None:
        """Resume from an equal training's snapshots of all seeds, taken at the same epoch."""
        self.seconds = max(snapshot.seconds for snapshot in snapshots.values())
        for group in self.groups:
            group.epochs = {seed: snapshots[seed].epochs for seed in group.seeds}
            group.restore([snapshots[seed].tensors for seed in group.seeds])


def train(training: Training, until: int, on_epoch: Callable[[Mapping[int, Epoch]], None]) -> None:
    """Train up to the epoch ``until``, from wherever the training is.

    Parameters
    ----------
    on_epoch
        Called after every epoch with what it measured, by seed; an exception ends the training. A
        seed whose loss is not finite is left out, and appears in ``training.failures``.
    """
    with _settings(training.recipe):
        for number in range(training.epochs_done + 1, until + 1):
            learning = [group for group in training.groups if not group.is_over]
            if not learning:
                return
            started = time.perf_counter()
            measured: dict[int, Epoch] = {}
            for group in learning:
                measured |= _epoch(training, group, number)
            training.seconds += time.perf_counter() - started
            on_epoch(measured)


def _epoch(training: Training, group: Together, number: int) -> dict[int, Epoch]:
    """Train networks for one epoch, and return what it measured of each seed."""
    recipe, split = training.recipe, training.train
    started, batches = time.perf_counter(), len(training.batches)
    group.network.train()
    losses_S = torch.zeros(len(group.seeds), dtype=torch.float64, device=training.device)
    for index, order_BS in enumerate(_orders(training, group)):
        step = (number - 1) * batches + index
        for settings in group.optimizer.param_groups:
            settings["lr"] = learning_rate(recipe, step, recipe.epochs * batches)
        images_BMHW, labels_SB = _batch(split, order_BS)
        with _autocast(training):
            logits_SBK = group.network(images_BMHW)
        losses_SB = _losses(logits_SBK.float(), labels_SB)
        group.parameters.differentiate(losses_SB.mean(dim=1).sum())
        group.optimizer.step()
        losses_S += losses_SB.detach().sum(dim=1)
    return _validated(training, group, number, (losses_S / len(split)).tolist(), started)


def learning_rate(recipe: Recipe, step: int, steps: int) -> float:
    """Return the learning rate of ``step``, counted from 0, out of ``steps``."""
    if recipe.schedule == "constant":
        return recipe.learning_rate
    rising = _RISING * steps
    return recipe.learning_rate * min((step + 1) / rising, (steps - step) / (steps - rising), 1.0)


def outcomes(training: Training, threads: int) -> dict[int, Outcome]:
    """Test each seed that was not given up; all its epochs must be done."""
    started = time.perf_counter()
    split = training.images.test.to(training.device)
    correct: dict[int, Tensor] = {}
    tested = [group for group in training.groups if not group.is_over]
    with _settings(training.recipe):
        for group in tested:
            correct_SN = _logits(training, group, split).argmax(dim=2) == split.labels
            correct |= zip(group.seeds, correct_SN, strict=True)
    training.seconds += time.perf_counter() - started
    return {
        seed: Outcome(
            test_accuracy=correct[seed].double().mean().item(),
            validation_accuracy=group.epochs[seed][-1].validation_accuracy,
            test_correct=np.packbits(correct[seed].cpu().numpy()).tobytes(),
            seconds=training.seconds / len(training.seeds),
            seed=seed,
            seeds_at_once=group.seeds,
            threads=threads,
            device=device_name(training.device),
            versions=versions(),
        )
        for group in tested
        for seed in group.seeds
        if seed not in group.failures
    }


def _initial(
    architecture: Architecture, seed: int, starts: Mapping[int, Weights]
) -> torch.nn.Module:
    torch.manual_seed(seed)
    network = build(architecture)
    if seed in starts:
        adopted = adopt(network, architecture, starts[seed])
        total = sum(parameter.numel() for parameter in network.parameters())
        logger.info("seed %d: %d of %d parameters are the original's", seed, adopted, total)
    return network


def _orders(training: Training, group: Together) -> Iterator[Tensor]:
    """Draw a new order of the training split for each seed; yield it batch by batch."""
    size = len(training.train)
    orders = [torch.randperm(size, generator=generator) for generator in group.orders]
    order_NS = torch.stack(orders, dim=1).to(training.device)
    yield from torch.split(order_NS, training.batches)


def _batch(split: Split, order_BS: Tensor) -> tuple[Tensor, Tensor]:
    """Gather each seed's images, side by side, and their labels."""
    images = split.images.flatten(1).index_select(0, order_BS.flatten())
    shape = (len(order_BS), -1, *split.images.shape[2:])
    return _scaled(images.view(shape)), split.labels[order_BS.T]


def _losses(logits_SBK: Tensor, labels_SB: Tensor) -> Tensor:
    """Return the cross-entropy of every image of every seed."""
    losses = cross_entropy(logits_SBK.flatten(0, 1), labels_SB.flatten(), reduction="none")
    return losses.view(labels_SB.shape)


def _validated(
    training: Training, group: Together, number: int, train_losses: Sequence[float], started: float
) -> dict[int, Epoch]:
    """Measure the epoch of each seed; give up those whose losses are not finite."""
    split = training.validation
    logits_SNK = _logits(training, group, split)
    labels_SN = split.labels.expand(len(group.seeds), -1)
    losses = _losses(logits_SNK, labels_SN).mean(dim=1).tolist()
    accuracies = (logits_SNK.argmax(dim=2) == labels_SN).double().mean(dim=1).tolist()
    seconds = (time.perf_counter() - started) / len(group.seeds)
    rows = zip(group.seeds, train_losses, losses, accuracies, strict=True)
    measured = {}
    for seed, train_loss, loss, accuracy in rows:
        if seed in group.failures:
            continue
        if math.isfinite(train_loss + loss):
            measured[seed] = Epoch(number, train_loss, loss, accuracy, seconds)
            group.epochs[seed] += (measured[seed],)
        else:
            group.failures[seed] = Diverged(
                f"Training diverged in epoch {number} of {training.recipe.epochs}: the loss is "
                f"{train_loss} on the training and {loss} on the validation split."
            )
    return measured


def _logits(training: Training, group: Together, split: Split) -> Tensor:
    """Return logits_SNK: every image shown to every seed's network."""
    group.network.eval()
    with torch.inference_mode(), _autocast(training):
        chunks = [
            group.network(_scaled(images_BCHW.repeat(1, len(group.seeds), 1, 1))).float()
            for images_BCHW in torch.split(split.images, _EVALUATED_AT_ONCE)
        ]
    return torch.cat(chunks, dim=1)


def _autocast(training: Training) -> torch.autocast:
    """Let networks compute in bfloat16 if the recipe says so."""
    return torch.autocast(training.device.type, torch.bfloat16, enabled=training.recipe.autocast)


def _scaled(images_BMHW: Tensor) -> Tensor:
    """Scale pixels from [0, 255] to [0, 1]."""
    return images_BMHW.float().div_(255).contiguous(memory_format=torch.channels_last)


@contextmanager
def _settings(recipe: Recipe) -> Iterator[None]:
    """Make CUDA deterministic, with the recipe's rounding; restore its settings afterwards."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high" if recipe.tf32 else "highest")
    try:
        with torch.backends.cudnn.flags(
            enabled=True, benchmark=False, deterministic=True, allow_tf32=recipe.tf32
        ):
            yield
    finally:
        torch.set_float32_matmul_precision(before)
