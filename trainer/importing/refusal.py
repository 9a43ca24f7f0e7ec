"""Why a module cannot be imported."""

from collections.abc import Callable
from typing import NoReturn

from torch import fx


class NotImportableError(ValueError):
    """A module, or a part of it, has no counterpart in an architecture."""


def refusing(node: fx.Node) -> Callable[[str], NoReturn]:
    """A function that refuses an operation for a reason; it names the operation and its place."""

    def refuse(reason: str) -> NoReturn:
        raise NotImportableError(f"{node.target} {reason}{_place(node)}")

    return refuse


def owner_of(node: fx.Node) -> str:
    """The qualified name of the innermost module that an operation was called in."""
    stack = list(node.meta.get("nn_module_stack", {}).values())
    return stack[-1][0] if stack else ""


def _place(node: fx.Node) -> str:
    """Where an operation stands: its module, its file and line, and the line's text."""
    lines = [line.strip() for line in (node.stack_trace or "").splitlines() if line.strip()]
    module = f", in {owner}" if (owner := owner_of(node)) else ""
    files = [at for at, line in enumerate(lines) if line.startswith("File ")]
    return f"{module} ({': '.join(lines[files[-1] :][:2])})" if files else module
