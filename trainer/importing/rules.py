"""The table of operations that can be imported: one rule for each of ATen's names.

A rule reads a :class:`~trainer.importing.call.Call`, drafts the layers that do the same, and
returns what the operation's result stands for.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from trainer.importing.call import Call
from trainer.importing.values import Parameter, Parts, Value

Rule: TypeAlias = Callable[[Call], Value | Parameter | Parts]
RULES: Final[dict[str, Rule]] = {}
"""Every rule by the name that :func:`~trainer.importing.call.name_of` gives an operation."""


def operation(*names: str) -> Callable[[Rule], Rule]:
    """Register the rule of these operations."""

    def register(rule: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, rule))
        return rule

    return register
