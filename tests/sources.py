"""``model.py`` as its readers use it: imported, run, and held against ruff."""

import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from hypothesis import strategies as st
from torch import nn

from solver.network.architecture import Architecture

LINTED: Final = "E4,E7,E9,F,I,N,RET"
"""What is checked besides ruff's defaults."""


def run(text: str, name: str = "model") -> dict[str, Any]:
    """Execute a file under a module's name. Returns what it defines."""
    defined: dict[str, Any] = {"__name__": name}
    exec(compile(text, "model.py", "exec"), defined)
    return defined


def variant(text: str) -> nn.Module:
    """The network that a file defines, without values."""
    with torch.device("meta"):
        made: nn.Module = run(text)["Variant"]()
    return made.eval()


def values(module: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Parameters and buffers by name, in the order of the layers."""
    yield from module.named_parameters()
    yield from module.named_buffers()


def fill(module: nn.Module) -> None:
    """Give a network without values small ones, the same each time."""
    torch.manual_seed(0)
    module.to_empty(device="cpu")
    for _, value in values(module):
        if value.is_floating_point():
            value.data.uniform_(0.1, 0.3)
            value.data *= torch.randint(0, 2, value.shape) * 2 - 1 if value.ndim > 1 else 1
        else:
            value.zero_()


def take_values(module: nn.Module, other: nn.Module) -> None:
    """Let a network use another's values, one after the other."""
    own, others = dict(values(module)), [value for _, value in values(other)]
    assert [it.shape for it in own.values()] == [it.shape for it in others]
    module.load_state_dict(dict(zip(own, others, strict=True)), strict=False, assign=True)


def ruff(*arguments: str) -> str:
    """What ruff says of files with its own settings; empty if it has nothing to say."""
    command = [sys.executable, "-m", "ruff", *arguments, "--isolated", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def blemishes(texts: Iterable[str], folder: Path) -> str:
    """What ``ruff format`` and ``ruff check`` would change in files; empty if nothing."""
    for number, text in enumerate(texts):
        (folder / f"model_{number}.py").write_text(text, encoding="utf-8")
    return ruff("format", "--diff", str(folder)) + ruff(
        "check", "--extend-select", LINTED, str(folder)
    )


PARTS: Final = (
    "a", "conv", "layer1", "forward", "train", "type", "self", "torch", "nn", "x", "y", "l", "I",
    "Tensor", "Variant", "Scale", "ChannelNorm", "T_destination", "super", "print", "_", "_x",
    "__init__", "__class__", "_parameters", "stem_1", "stem", "b" * 50, "match",
)  # fmt: skip
"""Parts of names, of which most mean something in Python, in PyTorch or in the file."""
NUMBERED: Final = (*PARTS, "0", "1", "2", "3", "10", "1x")


@st.composite
def renamed(draw: st.DrawFn, networks: st.SearchStrategy[Architecture]) -> Architecture:
    """Draw a network with other names: some layers in blocks within blocks, some twice alike."""
    document = draw(networks).model_dump(mode="json", exclude_none=True)
    names = {"input": "input"}
    path: list[str] = []
    for layer in document["layers"]:
        path = _walk(draw, path)
        part = draw(st.sampled_from(NUMBERED if path else PARTS))
        name = ".".join([*path, part])
        while name in names.values() or len(name) > 128:
            path, name = path[:2], f"{'.'.join([*path[:2], part])}{len(names)}"
        names[layer["name"]] = name
    for layer in document["layers"]:
        layer["name"] = names[layer["name"]]
        if "inputs" in layer:
            layer["inputs"] = [names[it] for it in layer["inputs"]]
        if "shares" in layer:
            layer["shares"] = names[layer["shares"]]
    return Architecture.model_validate(document)


def _walk(draw: st.DrawFn, path: Sequence[str]) -> list[str]:
    """Stay in a block, go into one, leave it, or go to another."""
    match draw(st.sampled_from(["stay", "stay", "enter", "leave", "change"])):
        case "enter" if len(path) < 4:
            return [*path, draw(st.sampled_from(NUMBERED if path else PARTS))]
        case "leave":
            return [*path[:-1]]
        case "change" if len(path) > 1:
            return [*path[:-1], draw(st.sampled_from(NUMBERED))]
    return [*path]
