"""A study's networks as its results show them: accuracies, cost, training time."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from app.db.identity import variant_id
from app.schemas.results import Accuracy
from app.schemas.study_plans import DrawnCell, DrawnNetwork, DrawnOriginal, DrawnVariant
from app.schemas.study_results import StudyNetwork, StudyOriginal
from trainer.statistics.accuracies import accuracy
from trainer.statistics.study_networks import Network, Trainings

Costs: TypeAlias = Mapping[str, tuple[int, int]]
"""Parameters and FLOPs, by architecture id."""


def _of_network(network: Network | None) -> Accuracy:
    return accuracy([run.test_accuracy for run in network.runs] if network else [])


class Views:
    """Makes the documents of networks from a study's runs."""

    def __init__(self, trainings: Trainings, costs: Costs) -> None:
        self._trainings, self._costs = trainings, costs

    def original(self, drawn: DrawnOriginal, cell: DrawnCell) -> StudyOriginal:
        """An original of a cell with its variants."""
        retrained = self._trainings.retrained(drawn.architecture_id, len(drawn.variants))
        return StudyOriginal(
            **self._common(drawn.architecture_id, cell.resolution),
            member=drawn.member,
            found=drawn.found,
            retrained=tuple(network.test for network in retrained),
            variants=tuple(self._variant(it, cell.resolution) for it in drawn.variants),
            same_resolution=tuple(self._variant(it, None) for it in drawn.same_resolution),
        )

    def network(self, drawn: DrawnNetwork) -> StudyOriginal:
        """A network of the grid that is trained for itself."""
        common = self._common(drawn.architecture_id, drawn.resolution)
        return StudyOriginal(**common, member=drawn.member, found=None)

    def _variant(self, drawn: DrawnVariant, detail: int | None) -> StudyNetwork:
        """A variant, with its accuracy on images reduced to ``detail`` where it was so trained."""
        upsampled = detail and self._trainings.network(drawn.architecture_id, detail)
        return StudyNetwork(
            **self._common(drawn.architecture_id, drawn.resolution)
            | {"variant_id": variant_id(drawn.search_id, drawn.position)},
            upsampled=_of_network(upsampled) if upsampled else None,
        )

    def _common(self, architecture_id: str, resolution: int) -> dict[str, Any]:
        network = self._trainings.network(architecture_id)
        params, flops = self._costs[architecture_id]
        return {
            "architecture_id": architecture_id,
            "variant_id": None,
            "resolution": resolution,
            "params": params,
            "flops": flops,
            "accuracy": _of_network(network),
            "validation_accuracy": accuracy(
                [run.validation_accuracy for run in network.runs] if network else []
            ),
            "seconds": network.seconds if network else None,
        }
