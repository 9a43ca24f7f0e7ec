"""``python -m benchmarks.training``: a job's way of training against the way the paper was made.

The paper's way trains one seed after another, with as many threads as PyTorch takes. It reads a
torchvision data set through a ``DataLoader`` with batches of 100, and applies ``ToTensor`` and
``Resize`` to every image each time that it is seen.

Our way trains the seeds of a network at once, on images that were resized once. It has as many
processes as there are cores (``isobudget work --processes N``), each with one thread and its own
network; ``one_process`` is a single process with all threads instead.

Each way has processes of its own. The ways run in turns, and the medians of their rounds are
compared. Accuracies are those of whole trainings.

MNIST must lie in ``ISOBUDGET_DATA_DIR``. ``lightning_speedup_28`` needs the package ``lightning``,
and is left out without it.
"""

import multiprocessing
import os
import time
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from importlib.util import find_spec
from multiprocessing.connection import Connection
from statistics import fmean, median
from typing import Any, Final, NamedTuple

from app.config import settings
from app.experiments.recipes import Recipe
from benchmarks.timing import report
from benchmarks.working import need_mnist, overhead
from solver.network.architecture import Architecture

GOALS: Final = {
    "speedup_28": "at least 5",
    "speedup_20": "at least 12",
    "speedup_14": "at least 15",
    "accuracy_gap_points": "within 0.2 of 0",
    "overhead": "at most 0.02",
}
"""Goal of each figure."""
SEEDS: Final = (0, 1, 2)
KERNELS: Final = {28: 5, 20: 5, 14: 3}
"""Kernel size of both convolutions, by resolution in pixels."""
LIGHTNING_AT: Final = 28


class Size(NamedTuple):
    """Images of a timed epoch, timed rounds, epochs of a whole training, and of the job."""

    images: int
    rounds: int
    epochs: int
    job_epochs: int


FULL: Final = Size(images=5_500, rounds=5, epochs=5, job_epochs=3)
QUICK: Final = Size(images=1_000, rounds=2, epochs=1, job_epochs=1)


def lenet(resolution: int) -> Architecture:
    """Return a LeNet: two convolutions of 10 filters, two max pools, 50 hidden units, no bias."""
    kernel_size = KERNELS[resolution]
    convolution = {
        "type": "conv2d",
        "out_channels": 10,
        "kernel_size": kernel_size,
        "bias": False,
    }
    pool, relu = {"type": "max_pool2d", "kernel_size": 2}, {"type": "relu"}
    hidden = {"type": "linear", "out_features": 50, "bias": False}
    output = {"type": "linear", "out_features": 10, "bias": False}
    layers = [
        *(convolution, pool, relu),
        *(convolution, {"type": "dropout2d", "p": 0.5}, pool, relu),
        {"type": "flatten"},
        *(hidden, relu, {"type": "dropout", "p": 0.5}, output),
    ]
    return Architecture.model_validate(
        {"input": {"channels": 1, "resolution": resolution}, "layers": layers}
    )


class Way(NamedTuple):
    """A way to train: one of ``_WAYS``, with its processes and the threads of each."""

    name: str
    processes: int
    threads: int


CORES: Final = os.cpu_count() or 1
AUTHOR: Final = Way("author", 1, CORES)
OURS: Final = Way("ours", CORES, 1)
ONE_PROCESS: Final = Way("ours", 1, CORES)
LIGHTNING: Final = Way("lightning", 1, CORES)


def measure(quick: bool) -> dict[str, float]:
    """Return all figures by name."""
    size = QUICK if quick else FULL
    figures: dict[str, float] = {}
    gaps = []
    for resolution in KERNELS:
        rates = _rates(resolution, size)
        figures |= {
            f"speedup_{resolution}": rates[OURS] / rates[AUTHOR],
            f"one_process_speedup_{resolution}": rates[ONE_PROCESS] / rates[AUTHOR],
            f"images_per_second_{resolution}": rates[OURS],
        }
        if LIGHTNING in rates:
            figures[f"lightning_speedup_{resolution}"] = rates[OURS] / rates[LIGHTNING]
        if resolution == max(KERNELS):
            share = rates[OURS] * _flops_an_image(resolution) / _peak()
            figures[f"peak_share_{resolution}"] = share
        ours, theirs = _accuracies(resolution, size)
        figures |= {f"accuracy_{resolution}": ours, f"author_accuracy_{resolution}": theirs}
        gaps.append(100 * (ours - theirs))
    return {
        **figures,
        "accuracy_gap_points": min(gaps),
        "overhead": overhead(lenet(20), size.job_epochs),
    }


def _rates(resolution: int, size: Size) -> dict[Way, float]:
    """Return each way's images a second, over all seeds of all processes."""
    ways = [AUTHOR, OURS, ONE_PROCESS]
    if resolution == LIGHTNING_AT and find_spec("lightning"):
        ways.append(LIGHTNING)
    rates: dict[Way, list[float]] = {way: [] for way in ways}
    with ExitStack() as stack:
        teams = {way: stack.enter_context(_Team(way, resolution, size.images)) for way in ways}
        for team in teams.values():
            team.epoch()  # does not count
        for _ in range(size.rounds):
            for way, team in teams.items():
                rates[way].append(way.processes * len(SEEDS) * size.images / team.epoch())
    return {way: median(measured) for way, measured in rates.items()}


def _accuracies(resolution: int, size: Size) -> tuple[float, float]:
    """Return mean test accuracies of whole trainings: ours, then the author's."""
    images = size.images if size is QUICK else None
    found = []
    for way in (Way("ours", 1, CORES), AUTHOR):
        with _Team(way, resolution, images) as team:
            for _ in range(size.epochs):
                team.epoch()
            found.append(fmean(team.ask("accuracies")))
    return found[0], found[1]


class _Team:
    """Processes that each train the seeds of a network, an epoch at a time."""

    def __init__(self, way: Way, resolution: int, images: int | None) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._arguments = (way.name, way.threads, resolution, images)
        self._members: list[tuple[Any, Connection]] = []
        self._size = way.processes

    def __enter__(self) -> "_Team":
        for _ in range(self._size):
            here, there = self._context.Pipe()
            process = self._context.Process(target=_serve, args=(there, *self._arguments))
            process.start()
            there.close()  # so that its death is noticed
            self._members.append((process, here))
        for _, connection in self._members:
            connection.recv()
        return self

    def epoch(self) -> float:
        """Have all train an epoch at the same time; return the seconds until the last is done."""
        started = time.perf_counter()
        self.ask("epoch")
        return time.perf_counter() - started

    def ask(self, name: str) -> Any:
        """Have all do something, and return what the last one says."""
        for _, connection in self._members:
            connection.send(name)
        return [connection.recv() for _, connection in self._members][-1]

    def __exit__(self, *_: object) -> None:
        for process, connection in self._members:
            connection.send(None)
            process.join()


def _serve(
    connection: Connection, way: str, threads: int, resolution: int, images: int | None
) -> None:
    import torch

    warnings.filterwarnings("ignore")
    torch.set_num_threads(threads)
    pupil = _WAYS[way](resolution, images)
    connection.send("ready")
    while asked := connection.recv():
        connection.send(getattr(pupil, asked)())


class _Ours:
    """A job's way: what the training process of a worker does."""

    def __init__(self, resolution: int, images: int | None) -> None:
        import torch

        from trainer.datasets import load
        from trainer.images import fitted
        from trainer.memory import keep_freed_memory
        from trainer.train import Training, best_device

        keep_freed_memory()
        network, recipe = lenet(resolution), Recipe()
        source = load("mnist", settings().data_dir, settings().cache_dir)
        data = fitted(source, network, training_images=images)
        self._training = Training(network, data, recipe, seeds=SEEDS, device=best_device())
        if images:  # a whole epoch validates one image for every eleven that it trains on
            share = torch.arange(images // 11)
            self._training.validation = self._training.validation[share]

    def epoch(self) -> None:
        from trainer.train import train

        train(self._training, self._training.epochs_done + 1, lambda _: None)

    def accuracies(self) -> list[float]:
        from trainer.train import outcomes

        return [outcome.test_accuracy for outcome in outcomes(self._training, 1).values()]


class _Author:
    """The paper's way."""

    def __init__(self, resolution: int, images: int | None) -> None:
        import torch

        from trainer.networks import build
        from trainer.vision import datasets

        from torchvision import transforms  # isort: skip - not before trainer.vision

        steps = [transforms.ToTensor(), transforms.Resize((resolution, resolution))]
        read = {"root": settings().data_dir, "transform": transforms.Compose(steps)}
        training = datasets.MNIST(train=True, **read)
        chosen = torch.utils.data.Subset(training, range(images or 55_000))
        self.training = torch.utils.data.DataLoader(chosen, batch_size=100, shuffle=True)
        test = datasets.MNIST(train=False, **read)
        self._test = torch.utils.data.DataLoader(test, batch_size=1_000)
        self._pairs = []
        for seed in SEEDS:
            torch.manual_seed(seed)
            network = build(lenet(resolution))
            self._pairs.append((network, torch.optim.Adadelta(network.parameters())))

    def epoch(self) -> None:
        from torch.nn.functional import cross_entropy

        for network, optimizer in self._pairs:
            network.train()
            for images_BCHW, labels_B in self.training:
                optimizer.zero_grad()
                cross_entropy(network(images_BCHW), labels_B).backward()  # type: ignore[no-untyped-call]
                optimizer.step()

    def accuracies(self) -> list[float]:
        import torch

        found = []
        for network, _ in self._pairs:
            network.eval()
            with torch.inference_mode():
                right = [(network(x).argmax(1) == y).double() for x, y in self._test]
            found.append(torch.cat(right).mean().item())
        return found


class _Lightning:
    """The same networks and data in Lightning's ``Trainer``."""

    def __init__(self, resolution: int, images: int | None) -> None:
        import logging

        import torch
        from torch.nn.functional import cross_entropy

        import trainer.vision  # noqa: F401 - Lightning imports torchvision
        from trainer.networks import build

        import lightning  # isort: skip

        logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

        class Module(lightning.LightningModule):  # type: ignore[misc]
            def __init__(self) -> None:
                super().__init__()
                self.network = build(lenet(resolution))

            def training_step(self, batch: Any, _: int) -> Any:
                images_BCHW, labels_B = batch
                return cross_entropy(self.network(images_BCHW), labels_B)

            def configure_optimizers(self) -> Any:
                return torch.optim.Adadelta(self.parameters())

        self._data = _Author(resolution, images).training
        self._modules = [Module() for _ in SEEDS]
        self._trainer: Callable[[], Any] = lambda: lightning.Trainer(
            max_epochs=1,
            accelerator="cpu",
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )

    def epoch(self) -> None:
        for module in self._modules:
            self._trainer().fit(module, self._data)


_WAYS: Final[dict[str, Callable[[int, int | None], Any]]] = {
    "ours": _Ours,
    "author": _Author,
    "lightning": _Lightning,
}


def _flops_an_image(resolution: int) -> float:
    """Return the FLOPs that PyTorch counts for one image, forward and backward."""
    import torch
    from torch.nn.functional import cross_entropy
    from torch.utils.flop_counter import FlopCounterMode

    from trainer.networks import build

    with FlopCounterMode(display=False) as counter:
        logits = build(lenet(resolution))(torch.zeros(1, 1, resolution, resolution))
        cross_entropy(logits, torch.zeros(1, dtype=torch.int64)).backward()  # type: ignore[no-untyped-call]
    return float(counter.get_total_flops())


def _peak(side: int = 2_048, rounds: int = 5) -> float:
    """Measure the FLOPs a second of a large matrix product, with all threads."""
    import torch

    torch.set_num_threads(CORES)
    one, other = torch.rand(2, side, side)
    rates = []
    for _ in range(rounds + 1):
        started = time.perf_counter()
        torch.mm(one, other)
        rates.append(2 * side**3 / (time.perf_counter() - started))
    return median(rates[1:])


def main() -> None:
    """Print all figures."""
    need_mnist()
    report(__doc__ or "", measure, GOALS)


if __name__ == "__main__":
    main()
