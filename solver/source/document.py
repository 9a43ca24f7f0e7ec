"""The text of ``model.py``: what it says of the network, its classes, and its checks."""

import textwrap
import unicodedata
from collections.abc import Sequence

from solver.network.architecture import Architecture
from solver.network.counting import Counts, count, shapes
from solver.source.blocks import Blocks
from solver.source.classes import block_docstring, class_lines, name_all
from solver.source.printing import WIDTH
from solver.source.rules import HELPERS
from solver.source.tree import Network, tree

_IMPORTS = """\
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode
"""


def source(architecture: Architecture, origin: str = "", *, count_pooling: bool = True) -> str:
    """Write an architecture as a Python file that needs PyTorch and nothing else.

    The file has a class ``Variant``. Run as a script, it checks its own counts. It is laid out as
    ``ruff format`` would, and passes ``ruff check``.

    Parameters
    ----------
    origin
        Where the network comes from, as sentences.
    count_pooling
        Whether the FLOPs that the file states include those of pools.
    """
    network = Network(architecture)
    blocks = Blocks(network)
    whole, others = blocks.whole(tree(network))
    name_all(others, whole)
    counts = count(architecture, count_pooling=count_pooling)
    classes = [HELPERS[name].rstrip() for name in sorted(blocks.functions & HELPERS.keys())]
    classes += ["\n".join(class_lines(it, block_docstring(it))) for it in others]
    classes.append("\n".join(class_lines(whole, _shapes(architecture))))
    head = _docstring(_paragraphs(architecture, counts, origin, count_pooling))
    checks = _checks(counts, architecture)
    return "\n\n\n".join([f"{head}\n\n{_IMPORTS.rstrip()}", *classes, checks]) + "\n"


def _paragraphs(
    architecture: Architecture, counts: Counts, origin: str, count_pooling: bool
) -> list[str]:
    """What a file says of its network."""
    channels, height, width = architecture.input.shape
    title = f"{name}: a" if (name := plain(architecture.name or "")) else "A"
    pooling = "" if count_pooling else ", pooling left out"
    return [
        f"{title} network for images of {channels} × {height} × {width}.",
        plain(architecture.description or ""),
        f"It has {counts.params:,} parameters. An image takes {counts.macs:,} multiply-adds "
        f"({counts.flops:,} FLOPs{pooling}), and at most {counts.activations:,} activations are "
        "alive at once.",
        plain(origin),
    ]


def plain(text: str) -> str:
    """Text that cannot end a docstring: on one line, without control characters.

    Double quotes become single ones, and backslashes are doubled.
    """
    shown = "".join(" " if unicodedata.category(it)[0] in "CZ" else it for it in text)
    return " ".join(shown.replace('"', "'").replace("\\", "\\\\").split())


def _docstring(paragraphs: Sequence[str]) -> str:
    """The docstring of a file: the first paragraph on its first line."""
    wrapper = textwrap.TextWrapper(WIDTH - 3, break_long_words=False, break_on_hyphens=False)
    first, *others = [wrapper.fill(it) for it in paragraphs if it]
    return '"""' + "\n\n".join([first, *others]) + '\n"""'


def _shapes(architecture: Architecture) -> str:
    """What a network maps to what, B images at once."""
    sizes = shapes(architecture)
    read, made = (", ".join(map(str, shape)) for shape in (sizes[0], sizes[-1]))
    return f"Maps images of shape (B, {read}) to (B, {made})."


def _checks(counts: Counts, architecture: Architecture) -> str:
    """What is checked where the file is run."""
    image = (1, *architecture.input.shape)
    output = (1, *shapes(architecture)[-1])
    return f"""\
if __name__ == "__main__":
    model = Variant().eval()
    params = sum(parameter.numel() for parameter in model.parameters())
    assert params == {counts.params:_}, f"{{params:,}} parameters"
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        output = model(torch.zeros({", ".join(map(str, image))}))
    assert output.shape == {output}, f"shape {{tuple(output.shape)}}"
    macs = counter.get_total_flops() // 2
    assert macs == {counts.macs:_}, f"{{macs:,}} multiply-adds"
    print(f"{{params:,}} parameters, {{macs:,}} multiply-adds")"""
