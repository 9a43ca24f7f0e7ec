"""Networks of approach V in numbers: a chain of convolutions, and networks that are shipped."""

import numpy as np

from solver.engines.whole.problem import Budgeted, WholeProblem
from solver.engines.whole.quadratic import Ints, Quadratic
from solver.variation.groups import WidthGroups
from solver.variation.unknown import Range
from tests.solver.factories import shipped_network


def chain(widths: list[int], budgets: int = 2, step: int = 1) -> WholeProblem:
    """A chain of 3x3 convolutions in stages of five, at 256 px in place of 224 px."""
    n = len(widths)
    original, steps = np.array(widths, np.int64), np.full(n, step, np.int64)
    maps, one = 4 ** (4 - np.arange(n) // 5), np.ones(n, np.int64)
    found = []
    for name, before, after in (("params", one, one), ("macs", 49 * maps, 64 * maps))[:budgets]:
        target = int(_convolutions(before)(original))
        found.append(Budgeted(name, _convolutions(after), target, Range(target, target)))
    names = tuple(f"conv{place}" for place in range(n))
    low, high = -(-original // (2 * steps)), 2 * original // steps
    return WholeProblem(256, names, original, steps, low, high, found)


def _convolutions(maps: Ints) -> Quadratic:
    """What 3x3 convolutions of an image of three channels cost, for each pixel of their maps."""
    places = np.arange(len(maps))
    linear = np.where(places == 0, 27 * maps, 0)
    return Quadratic(0, linear, np.stack([places[:-1], places[1:]], axis=1), 9 * maps[1:])


LONG = [16 * it for it in (1, 2, 2, 3, 4, 4, 5, 6, 6, 8, 8, 10, 10, 12, 12, 16, 16, 20, 24, 32)]


def at(resolution: int, step: int, name: str = "resnet18") -> WholeProblem:
    """A network in multiples of ``step``, with the parameters and MACs that it has at 224 px."""
    network = shipped_network(name)
    before, groups = WidthGroups.of(network), WidthGroups.of(network, resolution=resolution)
    original = np.array(groups.sizes, np.int64)
    steps = np.array([groups.step(place, step) for place in range(len(original))], np.int64)
    budgets = []
    for name, old, new in (
        ("params", before.params(), groups.params()),
        ("macs", before.macs(), groups.macs()),
    ):
        target = int(Quadratic.of(old, groups.names)(original))
        count = Quadratic.of(new, groups.names)
        budgets.append(Budgeted(name, count, target, Range(target, target)))
    low, high = -(-original // (2 * steps)), 2 * original // steps
    return WholeProblem(resolution, tuple(groups.names), original, steps, low, high, budgets)
