"""Which runs are needed: a run's id is the hash of everything that it depends on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.experiments.catalogue import content_id
from app.experiments.recipes import Recipe


@dataclass(frozen=True)
class Need:
    """A run that is needed, and the number of epochs that are wanted first.

    ``run`` holds the columns of ``runs`` that identify it.
    """

    run: Mapping[str, Any]
    epochs: int


@dataclass(frozen=True)
class Training:
    """What all runs of a job or a study have in common: the images, and the recipe."""

    dataset: str
    dataset_version: str
    training_images: int | None
    recipe: Recipe

    def runs(
        self, architecture_id: str, resolution: int, detail: int | None, seeds: Iterable[int]
    ) -> list[dict[str, Any]]:
        """Columns of a network's runs, one for each seed.

        Parameters
        ----------
        detail
            The resolution to which images are reduced before they are enlarged again (a control).
        """
        data = {
            "architecture_id": architecture_id,
            "dataset": self.dataset,
            "dataset_version": self.dataset_version,
            "resolution": resolution,
            "training_images": self.training_images,
            "detail": detail,
        }
        stack = content_id({**data, "recipe": self.recipe.hash})
        shared = {**data, "recipe": self.recipe.model_dump(mode="json"), "stack": stack}
        return [{"id": content_id([stack, seed]), "seed": seed, **shared} for seed in seeds]
