"""The tables of networks for spreadsheets; accuracies are fractions."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final, NamedTuple

from app.schemas.architectures import WidthGroupView
from app.services.networks import Accuracy, Network, Training
from app.web.networks.comparing import Cell, LayerLine
from app.web.tables import Columns
from solver.network.counting import LayerReport


class Measured(NamedTuple):
    """A network, a way in which it was trained, and its accuracy then, if there is one."""

    network: Network
    training: Training | None = None
    accuracy: Accuracy | None = None


class Placed(NamedTuple):
    """A layer of one of the networks that are compared."""

    name: str
    network: Network
    cell: Cell


Trained = Mapping[Training, Mapping[str, Accuracy]]
"""The accuracies of architectures by their ids, for each way of training."""


def measured(network: Network, trained: Trained) -> Iterator[Measured]:
    """Yield the accuracies of a network."""
    for training, found in trained.items():
        if accuracy := found.get(network.view.id):
            yield Measured(network, training, accuracy)


def costed(network: Network, trained: Trained) -> Iterator[Measured]:
    """Yield the same, or the network alone if it was not trained."""
    yield from [*measured(network, trained)] or [Measured(network)]


def placed(line: LayerLine, networks: Sequence[Network]) -> Iterator[Placed]:
    """Yield the layers of one name, for the networks that have it."""
    for network, cell in zip(networks, line.cells, strict=True):
        if cell:
            yield Placed(line.name, network, cell)


def _of_training(name: str) -> Callable[[Measured], Any]:
    of = attrgetter(name)
    return lambda it: it.training and of(it.training)


def _of_accuracy(name: str) -> Callable[[Measured], Any]:
    of = attrgetter(name)
    return lambda it: it.accuracy and of(it.accuracy)


def _shape(report: LayerReport) -> str:
    return "x".join(map(str, report.output))


LAYERS: Final[Columns[LayerReport]] = {
    "name": attrgetter("name"),
    "type": attrgetter("type"),
    "output": _shape,
    "params": attrgetter("params"),
    "macs": attrgetter("macs"),
    "flops": attrgetter("flops"),
    "receptive_field": attrgetter("receptive_field"),
}
GROUPS: Final[Columns[WidthGroupView]] = {
    "name": attrgetter("name"),
    "width": attrgetter("width"),
    "unit": attrgetter("unit"),
    "layers": lambda it: "; ".join(it.layers),
    "frozen": attrgetter("frozen"),
}
ACCURACIES: Final[Columns[Measured]] = {
    "dataset": _of_training("dataset"),
    "dataset_version": _of_training("version"),
    "recipe": _of_training("recipe"),
    "epochs": _of_training("epochs"),
    "training_images": _of_training("images"),
    "test_accuracy": _of_accuracy("mean"),
    "test_sd": _of_accuracy("sd"),
    "runs": _of_accuracy("runs"),
}
NETWORKS: Final[Columns[Measured]] = {
    "network": attrgetter("network.id"),
    "name": attrgetter("network.name"),
    "resolution": attrgetter("network.view.architecture.resolution"),
    "params": attrgetter("network.counts.params"),
    "macs": attrgetter("network.counts.macs"),
    "flops": attrgetter("network.counts.flops"),
    "activations": attrgetter("network.counts.activations"),
    **ACCURACIES,
}
COMPARED_LAYERS: Final[Columns[Placed]] = {
    "name": attrgetter("name"),
    "network": attrgetter("network.id"),
    "type": attrgetter("cell.type"),
    "settings": attrgetter("cell.settings"),
    "output": lambda it: _shape(it.cell.report),
    "params": attrgetter("cell.report.params"),
    "macs": attrgetter("cell.report.macs"),
    "flops": attrgetter("cell.report.flops"),
    "receptive_field": attrgetter("cell.report.receptive_field"),
    "is_changed": attrgetter("cell.is_changed"),
}
