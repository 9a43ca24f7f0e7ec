"""Which runs are needed: a run's id is the hash of everything that it depends on."""

from collections.abc import Iterable, Mapping, Sequence
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
        recipe = self.recipe.model_dump(mode="json")
        shared = {**data, "recipe": recipe, "stack": stack, "starts_from": None}
        return [{"id": content_id([stack, seed]), "seed": seed, **shared} for seed in seeds]


def starting_from(
    originals: Sequence[Mapping[str, Any]], runs: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Columns of runs that start from the final weights of an original's; other runs than before.

    Both are in the order of the same seeds.
    """
    stack = content_id([originals[0]["stack"], runs[0]["stack"]])
    return [
        {
            **run,
            "id": content_id([stack, run["seed"]]),
            "stack": stack,
            "starts_from": original["id"],
        }
        for original, run in zip(originals, runs, strict=True)
    ]
