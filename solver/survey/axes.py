"""The axes of a grid, from the values of fields by their names."""

from collections.abc import Mapping, Sequence

from solver.network.architecture import Architecture
from solver.survey.grid import FIELDS, POOL_KERNEL_SIZE, RESOLUTION, fields_of, names_for
from solver.variation.template import convolutions


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


def unknown(original: Architecture, name: str, also: str = "") -> str:
    """Why a name stands for no field of a network, and which names do, in words.

    Parameters
    ----------
    also
        Another name that may be given.
    """
    if name.startswith("pool") and (name == POOL_KERNEL_SIZE or name.endswith(".kernel_size")):
        why = "no pool lies behind that convolution, before the next one"
        return f"there is no '{name}' to vary; {why}"
    found = len(convolutions(original.layers)[:2])
    has = ("; this network has no convolution", "; this network has one convolution", "")[found]
    *first, last = FIELDS
    return (
        f"there is no '{name}' to vary{has}; write {also and f'{also}, or '}one of "
        f"{', '.join(first)} and {last}: as it is for both convolutions, or as in conv1.stride or "
        f"conv2.stride for one; or {POOL_KERNEL_SIZE} for the pools behind them, "
        "pool1.kernel_size for one"
    )
