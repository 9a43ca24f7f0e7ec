"""Expressions of Python, laid out as ``ruff format`` lays them out.

Only the forms that a network needs are known here. Ruff's rule for each of them is this: it stands
on one line if it fits. A call that does not fit has its arguments on one line of their own, or else
each on a line. A list has each item on a line, and a sum has each operand on a line.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias, Union

WIDTH: Final = 88
"""Ruff's default line length."""
INDENT: Final = 4


class Call(NamedTuple):
    """A call, such as ``nn.ReLU()``.

    Attributes
    ----------
    arguments
        Each with its keyword, which is empty for a positional argument.
    is_long
        Whether each argument stands on a line of its own even if all fit on one.
    """

    function: str
    arguments: Sequence[tuple[str, "Expression"]] = ()
    is_long: bool = False


class Items(NamedTuple):
    """A list, such as ``[x, y]``."""

    items: Sequence["Expression"]


class Chain(NamedTuple):
    """Operands with one operator between them, such as ``x + y + z``."""

    operator: str
    operands: Sequence[str]


Expression: TypeAlias = Union[str, Call, Items, Chain]  # noqa: UP007 - the classes refer to it
"""A string is an expression that always stands on one line, such as a name or a number."""


def flat(expression: Expression) -> str:
    """An expression on one line."""
    match expression:
        case Call(function, arguments):
            return f"{function}({', '.join(_flat_argument(*it) for it in arguments)})"
        case Items(items):
            return f"[{', '.join(map(flat, items))}]"
        case Chain(operator, operands):
            return f" {operator} ".join(operands)
    return expression


def _flat_argument(keyword: str, value: Expression) -> str:
    return f"{keyword}={flat(value)}" if keyword else flat(value)


def lines(indent: int, before: str, expression: Expression, behind: str = "") -> list[str]:
    """Lay out an expression, with what stands before and behind it on its lines.

    Parameters
    ----------
    indent
        Spaces at the beginning of the first line.
    """
    margin = " " * indent
    if not _is_long(expression):
        line = f"{margin}{before}{flat(expression)}{behind}"
        if len(line) <= WIDTH or not _can_break(expression):
            return [line]
    opening, inside, closing = _opened(indent + INDENT, expression)
    return [f"{margin}{before}{opening}", *inside, f"{margin}{closing}{behind}"]


def _opened(indent: int, expression: Expression) -> tuple[str, list[str], str]:
    """An expression that takes several lines: its first line, those inside it, and its last."""
    match expression:
        case Call(function):
            return f"{function}(", _arguments(indent, expression), ")"
        case Items(items):
            return "[", [line for item in items for line in lines(indent, "", item, ",")], "]"
        case Chain():
            return "(", _operands(indent, expression), ")"
    return "", [expression], ""


def _can_break(expression: Expression) -> bool:
    """Whether an expression can take several lines."""
    match expression:
        case Call(_, arguments):
            return bool(arguments)
    return not isinstance(expression, str)


def _is_long(expression: Expression) -> bool:
    """Whether an expression takes several lines even if it fits on one."""
    match expression:
        case Call(_, arguments, is_long):
            return (is_long and bool(arguments)) or any(_is_long(value) for _, value in arguments)
        case Items(items):
            return any(map(_is_long, items))
    return False


def _arguments(indent: int, call: Call) -> list[str]:
    """The arguments of a call that does not fit on one line."""
    if not _is_long(call):
        line = " " * indent + ", ".join(_flat_argument(*it) for it in call.arguments)
        if len(line) <= WIDTH:
            return [line]
    return [
        line
        for keyword, value in call.arguments
        for line in lines(indent, f"{keyword}=" if keyword else "", value, ",")
    ]


def _operands(indent: int, chain: Chain) -> list[str]:
    """The operands of a chain that does not fit on one line."""
    margin = " " * indent
    if len(line := margin + flat(chain)) <= WIDTH:
        return [line]
    first, *others = chain.operands
    return [f"{margin}{first}", *(f"{margin}{chain.operator} {other}" for other in others)]
