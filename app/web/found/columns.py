"""Which columns the table of a search's variants has."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from app.services.variant_columns import ACCURACY, PRIME, Search
from app.web.found.shown import Shown
from solver.variation.whole import WholeTemplate

MOST_USUAL: Final = 10
"""Unknowns that have columns where nobody has chosen any."""
_MEASURES: Final = ("params", "flops", "activations", "coverage", "receptive_field", ACCURACY)


def with_measures(unknowns: Sequence[str]) -> Sequence[str]:
    """All columns of a table that shows these unknowns."""
    return ("resolution", *unknowns, *_MEASURES)


def of_table(shown: Shown) -> Sequence[str]:
    """The columns of unknowns that a reader has chosen, or the usual ones.

    All unknowns are usual where they are few. Of a whole network, it is the widths that change
    most, those first.
    """
    names = shown.unknowns
    if shown.view.columns:
        return [name for name in names if name in shown.view.columns]
    if len(names) <= MOST_USUAL:
        return names
    changes = _largest_changes(shown.search)
    changed = [name for name in names if changes[name] > 1]
    return sorted(changed, key=lambda name: -changes[name])[:MOST_USUAL]


def _largest_changes(search: Search) -> Mapping[str, float]:
    """The largest of ``w'/w`` and ``w/w'`` over all variants, for each width of a network."""
    template = search.deriver.problem.template
    assert isinstance(template, WholeTemplate), "other approaches have few unknowns"
    widths = {name + PRIME: width for name, width in template.own.items()}
    columns = search.columns(widths)
    return {
        name: float(np.maximum(columns[name] / width, width / columns[name]).max())
        for name, width in widths.items()
    }
