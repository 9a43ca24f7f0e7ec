"""Why a module cannot be imported."""

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

import torch
from torch import fx, nn

_PYTORCH: Final = Path(torch.__file__).parent


class NotImportableError(ValueError):
    """A module, or a part of it, has no counterpart in an architecture."""


def refusing(node: fx.Node) -> Callable[[str], NoReturn]:
    """A function that refuses an operation for a reason; it names the operation and its place."""

    def refuse(reason: str) -> NoReturn:
        raise NotImportableError(f"{node.target} {reason}{place_of(node)}")

    return refuse


def owner_of(node: fx.Node) -> str:
    """The qualified name of the innermost module that an operation was called in."""
    stack = list(node.meta.get("nn_module_stack", {}).values())
    return stack[-1][0] if stack else ""


def place_of(node: fx.Node) -> str:
    """Where an operation stands: its module, its file and line, and the line's text."""
    lines = [line.strip() for line in (node.stack_trace or "").splitlines() if line.strip()]
    module = f", in {owner}" if (owner := owner_of(node)) else ""
    files = [at for at, line in enumerate(lines) if line.startswith("File ")]
    return f"{module} ({': '.join(lines[files[-1] :][:2])})" if files else module


def place_in(module: nn.Module, failed: Exception) -> str:
    """Where a run of a module failed: the innermost module, and the last line not of PyTorch."""
    names = {id(part): name for name, part in module.named_modules()}
    owner, line = None, ""
    walked = traceback.walk_tb(failed.__traceback__)
    for (frame, _), at in zip(walked, traceback.extract_tb(failed.__traceback__), strict=True):
        owner = names.get(id(frame.f_locals.get("self")), owner)
        if owner is not None and _PYTORCH not in Path(at.filename).parents:
            line = f' (File "{at.filename}", line {at.lineno}, in {at.name}: {at.line})'
    return (f", in {owner}" if owner else "") + line


def first_line(failed: Exception) -> str:
    """An exception's kind and the first line of what it says."""
    return f"{type(failed).__name__}: {next(iter(str(failed).splitlines()), '')}"
