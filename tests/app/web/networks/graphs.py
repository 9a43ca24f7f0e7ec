"""Graphs to draw, and networks that are drawn."""

from typing import Any, Final

from hypothesis import strategies as st

from app.shipped import example
from app.web.networks.boxes import Diagram, diagram, names_of
from app.web.networks.folding import Folding, entries
from app.web.networks.layering import Reads
from solver.network.architecture import Architecture

SHIPPED: Final = (
    "alexnet", "digits-architecture", "pilotnet", "resnet18", "resnet8", "squeezenet1_1", "vgg16",
)  # fmt: skip


@st.composite
def graphs(draw: st.DrawFn) -> Reads:
    """The nodes that each node reads; the first reads none, each other some before it."""
    number = draw(st.integers(1, 14))
    return [
        [],
        *(
            sorted(draw(st.sets(st.integers(0, node - 1), min_size=1, max_size=3)))
            for node in range(1, number)
        ),
    ]


def shipped(name: str) -> Architecture:
    return Architecture.model_validate(example(name))


def network(*layers: dict[str, Any]) -> Architecture:
    return Architecture.model_validate(
        {"input": {"channels": 3, "resolution": 8}, "layers": list(layers)}
    )


def drawing(architecture: Architecture, depth: int) -> Diagram:
    return diagram(architecture, entries(names_of(architecture), Folding(depth)))


def dense(number: int) -> Reads:
    """A graph in which each node reads all nodes before it."""
    return [list(range(node)) for node in range(number)]
