"""Synthetic studies whose truth is known, as runs and a plan. I images, W networks, S seeds."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.experiments.recipes import Recipe
from app.experiments.spreads import KNOWN, Components, Reference
from app.schemas.study_plans import DrawnCell, DrawnOriginal, DrawnVariant, StudyPlan
from app.schemas.study_terms import Primary, StudyTerms
from benchmarks.worlds import Images, World
from solver.network.architecture import Architecture
from trainer.statistics.study import StudyRun

SEEDS: Final = 3
RESOLUTION: Final = 12
HIGHER: Final = 16
NOTHING: Final = Components(0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Truth:
    """The expected gains of a study.

    In an A/A study all networks are the same but for their seeds.
    """

    mean_variant: float = 0.0
    true_minus_upsampled: float = 0.0
    is_aa: bool = False


def terms(variants: int) -> StudyTerms:
    """What a study of one cell asked for."""
    network = {
        "input": {"channels": 1, "resolution": RESOLUTION},
        "layers": [{"type": "flatten"}, {"type": "linear", "out_features": 10}],
    }
    return StudyTerms(
        dataset="mnist",
        dataset_version="1",
        resolutions=(RESOLUTION,),
        architecture=Architecture.model_validate(network),
        variants=variants,
        seeds=SEEDS,
        primary=Primary(approach="IV", resolution=RESOLUTION, budget="params"),
        recipe=Recipe(),
    )


def plan(originals: int, variants: int) -> StudyPlan:
    """The plan of a study of one cell."""
    drawn = tuple(
        DrawnOriginal(
            member=n,
            architecture_id=f"{n}",
            found=variants,
            variants=tuple(_variant(n, position) for position in range(variants)),
        )
        for n in range(originals)
    )
    cell = DrawnCell(
        approach="IV", resolution=RESOLUTION, budget="params", has_controls=True, originals=drawn
    )
    return StudyPlan(cells=(cell,))


def _variant(n: int, position: int) -> DrawnVariant:
    return DrawnVariant(
        search_id=f"{n}",
        position=position,
        architecture_id=f"{n}-{position}",
        resolution=HIGHER,
        reads_more_rows=position % 2 == 0,
    )


class Simulation:
    """Draws the runs of one original after the other, all on the same test images.

    A variant differs from its original, and from itself on images with no more detail, by a gain
    that varies between originals, between variants, and from image to image in the same way for all
    of them. The original is trained as often again as it has variants.
    """

    def __init__(self, world: World, variants: int, truth: Truth, seed: int) -> None:
        self._world, self._variants, self._is_aa = world, variants, truth.is_aa
        self._rng = np.random.default_rng(seed)
        known = KNOWN[world.name].components
        geometry, pixels = (
            _Gain.of(world, NOTHING if truth.is_aa else known[it]) for it in _REFERENCES
        )
        self._geometry, self._pixels = geometry, pixels
        self._original_ability = world.ability_for(world.accuracy, 0.0)
        accuracy, spread = world.accuracy + truth.mean_variant, geometry.total
        self._ability = world.ability_for(accuracy, spread)
        self._without_pixels = world.ability_for(
            accuracy - truth.true_minus_upsampled, float(np.hypot(spread, pixels.total))
        )

    def study(self, originals: int) -> list[list[StudyRun]]:
        """Draw a study: the runs of each original and its variants."""
        hard_I, geometry_I, pixels_I = (
            self._normal(spread, self._world.images)
            for spread in (self._world.shared, self._geometry.images, self._pixels.images)
        )
        return [self._original(f"{n}", hard_I, geometry_I, pixels_I) for n in range(originals)]

    def _original(
        self, name: str, hard_I: Images, geometry_I: Images, pixels_I: Images
    ) -> list[StudyRun]:
        own = self._own() + hard_I
        gains = self._ability + self._drawn(self._geometry)
        losses = self._ability - self._without_pixels + self._drawn(self._pixels)
        trainings = SEEDS * (1 + self._variants)
        runs = self._runs(name, None, self._original_ability, own[0], trainings)
        for position, (gain, loss) in enumerate(zip(gains, losses, strict=True)):
            true_I = own[1 + position] + geometry_I
            architecture_id = f"{name}-{position}"
            runs += self._runs(architecture_id, None, gain, true_I, SEEDS)
            runs += self._runs(architecture_id, RESOLUTION, gain - loss, true_I - pixels_I, SEEDS)
        return runs

    def _own(self) -> Images:
        """How hard images are for the original and for each variant; the same where all are one."""
        networks = 1 if self._is_aa else 1 + self._variants
        own = self._normal(self._world.own, networks, self._world.images)
        return np.broadcast_to(own, (1 + self._variants, self._world.images))

    def _drawn(self, gain: "_Gain") -> NDArray[np.float64]:
        """How much the variants of one original differ from the mean of all."""
        return self._rng.normal(0, gain.originals) + self._rng.normal(
            0, gain.variants, self._variants
        )

    def _runs(
        self,
        architecture_id: str,
        detail: int | None,
        ability: float,
        easy_I: Images,
        seeds: int,
    ) -> list[StudyRun]:
        outcomes = self._world.outcomes(self._rng, ability, easy_I, seeds)
        return [
            StudyRun(
                architecture_id=architecture_id,
                detail=detail,
                seed=seed,
                resolution=HIGHER,
                seconds=1.0,
                **outcome._asdict(),
            )
            for seed, outcome in enumerate(outcomes)
        ]

    def _normal(self, spread: float, *shape: int) -> Images:
        return self._world.normal(self._rng, spread, *shape)


_REFERENCES: Final[tuple[Reference, ...]] = ("original", "upsampled")


@dataclass(frozen=True)
class _Gain:
    """The spreads of one gain, as abilities: between originals, variants, and images."""

    originals: float
    variants: float
    images: float

    @classmethod
    def of(cls, world: World, parts: Components) -> "_Gain":
        """Read them from spreads of accuracies."""
        by_image = parts.images * np.sqrt(world.images / world.squared_slope)
        return cls(parts.originals / world.slope, parts.variants / world.slope, float(by_image))

    @property
    def total(self) -> float:
        """The spread of a variant's success at an image."""
        return float(np.linalg.norm([self.originals, self.variants, self.images]))
