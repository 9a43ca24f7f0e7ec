"""Components of variance are those that the gains were made with."""

import numpy as np
import pytest

from app.schemas.study_results import Spread
from tests.trainer.statistics.studies import LOW, cell, original, results, runs, terms
from trainer.statistics.study import StudyRun

LETTERS = [chr(ord("a") + n) for n in range(26)] + [chr(0x4E00 + n) for n in range(274)]


def spread_of(
    *, originals: float, variants: float, seeds: float, contrast: str = "mean_variant"
) -> Spread:
    """The spread that a study of 300 originals finds; the standard deviations are the truth."""
    rng = np.random.default_rng(0)

    def trained(name: str, mean: float, detail: int | None = None) -> list[StudyRun]:
        return runs(name, *(mean + rng.normal(0, seeds, 3)), detail=detail)

    every: list[StudyRun] = []
    for name in LETTERS:
        gain = 0.02 + rng.normal(0, originals)
        every += trained(name, 0.8)
        for position in range(4):
            own = 0.8 + gain + rng.normal(0, variants)
            geometry = rng.normal(0, 0.05)
            every += trained(f"{name}{position}", own + geometry)
            every += trained(f"{name}{position}", 0.8 + geometry, LOW)
    found = results([cell(*(original(name, 4) for name in LETTERS))], every, terms(seeds=3))
    return {str(name): it for name, it in found.cells[0].spread.items()}[contrast]


def test_components_are_recovered() -> None:
    found = spread_of(originals=0.02, variants=0.015, seeds=0.01, contrast="true_minus_upsampled")

    assert found.originals == pytest.approx(0.02, rel=0.15)
    assert found.variants == pytest.approx(0.015, rel=0.1)
    assert found.seeds == pytest.approx(0.01, rel=0.05)
    assert found.images == 0


def test_geometry_is_part_of_the_gain_over_the_original() -> None:
    found = spread_of(originals=0.0, variants=0.0, seeds=0.01)

    assert found.variants == pytest.approx(0.05, rel=0.1)
    assert found.originals == pytest.approx(0.0, abs=0.015)


def test_negative_components_are_none() -> None:
    found = spread_of(originals=0.0, variants=0.0, seeds=0.05, contrast="true_minus_upsampled")

    assert found.originals == pytest.approx(0.0, abs=0.01)
    assert found.variants == pytest.approx(0.0, abs=0.01)
    assert found.seeds == pytest.approx(0.05, rel=0.05)


def test_one_seed_tells_no_components_apart() -> None:
    every = [
        run for name in "abc" for it in (name, f"{name}0", f"{name}1") for run in runs(it, 0.8)
    ]

    [found] = results([cell(*map(original, "abc"))], every, terms(seeds=1)).cells

    assert found.spread["mean_variant"].model_dump(exclude={"images"}) == {
        "originals": None,
        "variants": None,
        "seeds": None,
    }
