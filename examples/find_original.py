"""How the example was found: ``python -m examples.find_original`` (a minute).

Most small networks have few variants with *exactly* as many parameters, many have none. This goes
over a grid of two-convolution networks for images of 4, 5 and 6 px, lets the solver enumerate the
exact variants of each up to the digits' native 8 px, and prints those that have most.
"""

from collections.abc import Iterator
from itertools import product

from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from solver.answers.search import solve
from solver.network.architecture import Architecture
from solver.network.layers import Conv2d
from solver.problem import Problem, Ranges, Settings
from solver.variation.unknown import Range

NATIVE = 8
TOP = 25


def originals() -> Iterator[Architecture]:
    """Yield the grid: resolution, filters and kernels of the convolutions, padding."""
    grid = product(
        (4, 5, 6), (8, 10, 12, 16, 18, 20, 24), (8, 10, 12, 16, 20), (2, 3), (2, 3), (0, 1)
    )
    for resolution, filters1, filters2, kernel1, kernel2, padding in grid:
        convolution = {"type": "conv2d", "padding": padding, "bias": False}
        layers = [
            {**convolution, "out_channels": filters1, "kernel_size": kernel1},
            {"type": "relu"},
            {**convolution, "out_channels": filters2, "kernel_size": kernel2},
            {"type": "relu"},
            {"type": "flatten"},
            {"type": "linear", "out_features": 50, "bias": False},
            {"type": "relu"},
            {"type": "dropout", "p": 0.5},
            {"type": "linear", "out_features": 10, "bias": False},
        ]
        try:
            yield Architecture.model_validate(
                {"input": {"channels": 1, "resolution": resolution}, "layers": layers}
            )
        except ValidationError:  # its second kernel does not fit
            continue


def main() -> None:
    """Count the exact variants of every original, and print a table."""
    found = []
    for architecture in originals():
        ranges = Ranges(resolution=Range(architecture.resolution + 1, NATIVE))
        problem = Problem(architecture=architecture, approach="IV", budget="params", ranges=ranges)
        found.append((solve(problem, Settings(limit=1)).found, architecture))
    found.sort(key=lambda pair: pair[0], reverse=True)
    none = sum(1 for count, _ in found if not count)
    table = Table(
        "exact variants", "px", "conv1", "conv2",
        title=f"the {TOP} of {len(found)} originals with most exact variants ({none} have none)",
    )  # fmt: skip
    for count, architecture in found[:TOP]:
        convs = [layer for layer in architecture.layers if isinstance(layer, Conv2d)]
        shown = [f"{c.out_channels} filters {c.kernel_size}×{c.kernel_size}" for c in convs]
        table.add_row(str(count), str(architecture.resolution), *shown)
    Console().print(table)


if __name__ == "__main__":
    main()
