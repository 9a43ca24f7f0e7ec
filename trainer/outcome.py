"""What a run reports: its epochs while it trains, its outcome at the end."""

from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from platform import python_version


@dataclass(frozen=True)
class Epoch:
    """Measures of one pass over the training split; losses are mean cross-entropies, in nats.

    ``seconds`` is the run's share: the time of all seeds trained at once, divided by their number.
    """

    number: int
    train_loss: float
    validation_loss: float
    validation_accuracy: float
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """What a run measured after its last epoch, with what is needed to repeat it.

    Accuracies are fractions. ``test_correct`` holds one bit per test image, in order, as
    ``numpy.packbits`` packs them. ``seconds`` is the run's share, as in :class:`Epoch`.
    ``seeds_at_once`` are the seeds that were trained together: rounding may depend on their number.
    """

    test_accuracy: float
    validation_accuracy: float
    test_correct: bytes = field(repr=False)
    seconds: float
    seed: int
    seeds_at_once: tuple[int, ...]
    threads: int
    device: str
    versions: dict[str, str | None]


def versions() -> dict[str, str | None]:
    """Return the versions that a result depends on; ``None`` for a package not installed."""
    packages = ("torch", "torchvision", "isobudget")
    return {"python": python_version(), **{package: _version(package) for package in packages}}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
