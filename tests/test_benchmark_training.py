import sys
from pathlib import Path
from types import ModuleType

import pytest

from app.config import settings
from app.schemas.results import HalvingResult, RungResult
from benchmarks import halving, training
from solver.network.counting import params

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("resolution", "flattened"), [(28, 160), (20, 40), (14, 40)])
def test_the_networks_are_those_that_are_spoken_of(resolution: int, flattened: int) -> None:
    kernel = training.KERNELS[resolution] ** 2

    expected = 10 * kernel + 100 * kernel + 50 * flattened + 500
    assert params(training.lenet(resolution)) == expected


def test_flops_of_an_image_are_those_of_both_directions() -> None:
    # Per convolution output: forward and weights, and the input of all but the first.
    first, second = 12 * 12 * 10 * 9, 4 * 4 * 10 * 90
    linear = 40 * 50 + 50 * 10

    assert training._flops_an_image(14) == 2 * (2 * first + 3 * second + 3 * linear)


def test_the_cost_of_halving_counts_what_each_rung_adds() -> None:
    def rung(epochs: int, tried: int) -> RungResult:
        names = [f"s-{position}" for position in range(tried)]
        return RungResult(epochs=epochs, tried=names, kept=None, validation_accuracy=None)

    rungs = HalvingResult(eta=4, rungs=[rung(1, 64), rung(4, 16), rung(10, 4)])

    assert halving._cost(rungs) == 64 + 16 * 3 + 4 * 6


@pytest.mark.parametrize("benchmark", [training, halving])
def test_without_mnist_the_folder_is_named(
    benchmark: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("ISOBUDGET_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    monkeypatch.setattr(sys, "argv", ["benchmark", "--quick"])
    try:
        with pytest.raises(SystemExit, match=f"MNIST is not in {tmp_path}/MNIST/raw"):
            benchmark.main()
    finally:
        settings.cache_clear()
