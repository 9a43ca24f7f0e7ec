"""The axes of a grid, from the values of fields by their names."""

from collections.abc import Mapping, Sequence

from solver.network.architecture import Architecture
from solver.survey.grid import RESOLUTION, fields_of, names_for


def axes_of(original: Architecture, lists: Mapping[str, Sequence[int]]) -> dict[str, Sequence[int]]:
    """The values of each field that a grid varies, in the order of the fields.

    A bare ``stride`` is for each convolution; ``conv1.stride`` overrides it. Names that stand for
    no field are left out.
    """
    axes: dict[str, Sequence[int]] = {}
    for name in sorted(lists, key=lambda name: "." in name):
        axes |= dict.fromkeys(names_for(original, name), lists[name])
    order = [RESOLUTION, *fields_of(original)]
    return {name: axes[name] for name in order if name in axes}
