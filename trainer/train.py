"""Training one network once: a plain loop that reads like its recipe.

B images of a batch, N of a split, C channels, H height, W width, K classes.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from app.catalogue import Recipe
from solver.architecture import Architecture
from trainer.errors import RunFailed
from trainer.images import Source, Split, fitted
from trainer.networks import build
from trainer.outcome import Epoch, Outcome, versions

_EVALUATED_AT_ONCE: Final = 1_000


class Diverged(RunFailed):
    """The loss of a training is no longer a finite number."""


def best_device() -> torch.device:
    """Give the CUDA device where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def train(
    architecture: Architecture,
    images: Source,
    recipe: Recipe,
    *,
    seed: int,
    threads: int,
    device: torch.device,
    on_epoch: Callable[[Epoch], None],
) -> Outcome:
    """Train a network from its initialisation and test it once, at the end.

    The same seed gives every network the same order of the data, and on a CPU, with the same
    threads and versions, the same network bit-equal results. The generators and the settings of
    cuDNN are afterwards as they were; ``threads`` stays set.

    Parameters
    ----------
    images
        At the network's resolution or above; they are reduced to it.
    threads
        CPU threads that PyTorch computes with.
    on_epoch
        Called after every epoch; what it raises ends the training.

    Raises
    ------
    DataMismatch, ResolutionTooHigh
        The network does not fit the images.
    Diverged
        A loss is not finite.
    """
    started = time.perf_counter()
    torch.set_num_threads(threads)
    data = fitted(images, architecture)
    train_split, validation_split = data.train.to(device), data.validation.to(device)
    order = torch.Generator().manual_seed(seed)
    with _repeatable(seed, device):
        network = build(architecture).to(device)
        optimizer = torch.optim.Adadelta(
            network.parameters(),
            lr=recipe.learning_rate,
            rho=recipe.rho,
            eps=recipe.eps,
            weight_decay=recipe.weight_decay,
        )
        for number in range(1, recipe.epochs + 1):
            epoch_started = time.perf_counter()
            train_loss = _train_epoch(network, optimizer, train_split, recipe.batch_size, order)
            logits_NK = _logits(network, validation_split)
            validation_loss = cross_entropy(logits_NK, validation_split.labels).item()
            validation_accuracy = _correct(logits_NK, validation_split).double().mean().item()
            if not math.isfinite(train_loss + validation_loss):
                raise Diverged(
                    f"Training diverged in epoch {number} of {recipe.epochs}: the loss is "
                    f"{train_loss} on the training and {validation_loss} on the validation split."
                )
            seconds = time.perf_counter() - epoch_started
            on_epoch(Epoch(number, train_loss, validation_loss, validation_accuracy, seconds))
        test_split = data.test.to(device)
        correct_N = _correct(_logits(network, test_split), test_split)
    return Outcome(
        test_accuracy=correct_N.double().mean().item(),
        validation_accuracy=validation_accuracy,
        test_correct=np.packbits(correct_N.cpu().numpy()).tobytes(),
        seconds=time.perf_counter() - started,
        seed=seed,
        threads=threads,
        device=torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        versions=versions(),
    )


def _train_epoch(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    split: Split,
    batch_size: int,
    order: torch.Generator,
) -> float:
    """Update the network once per batch; return the mean loss per image."""
    network.train()
    total = torch.zeros((), dtype=torch.float64, device=split.labels.device)
    order_N = torch.randperm(len(split), generator=order).to(split.labels.device)
    for index_B in torch.split(order_N, batch_size):
        batch = split[index_B]
        loss = cross_entropy(network(_scaled(batch.images)), batch.labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        total += loss.detach() * len(batch)
    return total.item() / len(split)


def _logits(network: nn.Module, split: Split) -> Tensor:
    network.eval()
    with torch.inference_mode():
        chunks = torch.split(split.images, _EVALUATED_AT_ONCE)
        return torch.cat([network(_scaled(images_BCHW)) for images_BCHW in chunks])


def _correct(logits_NK: Tensor, split: Split) -> Tensor:
    return logits_NK.argmax(dim=1) == split.labels


def _scaled(images_BCHW: Tensor) -> Tensor:
    """Bring pixels from 0 to 255 into [0, 1]."""
    return images_BCHW.float() / 255


@contextmanager
def _repeatable(seed: int, device: torch.device) -> Iterator[None]:
    """Seed initialisation and dropout, whatever was drawn before, and leave no trace of it."""
    cuda_devices = [device] if device.type == "cuda" else []
    with (
        torch.random.fork_rng(devices=cuda_devices),
        torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True),
    ):
        torch.manual_seed(seed)
        yield
