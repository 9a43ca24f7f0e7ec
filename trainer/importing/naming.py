"""Names for imported layers: those of the modules that they come from."""

import keyword
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count

from torch import nn

from solver.network.graph import IMAGE as IMAGE_NAME
from solver.network.layers import LAYERS
from solver.network.schema import MAX_NAME, NAME
from trainer.importing.values import Draft


def names(module: nn.Module, drafts: Sequence[Draft]) -> list[str]:
    """A name for each draft.

    A layer that is all that its module does has the module's name. Other layers have the name of
    the module that calls them and their type behind it, such as ``layer1.0.add``; the outermost
    module's are called as an architecture calls layers without names. Layers that would have the
    same name are numbered, except for the first that uses a module's weights.
    """
    bases = [_base(module, draft) for draft in drafts]
    together = Counter(bases)
    taken = {base for base in bases if base and together[base] == 1} | {IMAGE_NAME}
    found = []
    for base, draft in zip(bases, drafts, strict=True):
        name = base
        if together[base] > 1 or not base:
            name = next(it for it in _numbered(base, draft) if it not in taken)
        taken.add(name)
        found.append(name)
    return found


def _numbered(base: str, draft: Draft) -> Iterator[str]:
    """Names for one of several layers with the same base, or for a layer without one."""
    if draft.weights and base:
        yield base
    kind = LAYERS[draft.type].kind or draft.type
    yield from (f"{base}_{number}" if base else f"{kind}{number}" for number in count(1))


def _base(module: nn.Module, draft: Draft) -> str:
    """The name of a draft before equal ones are numbered; empty if no module gives it one."""
    owner = module.get_submodule(draft.owner)
    holders = {weight.rpartition(".")[0] for weight in draft.weights.values()}
    is_all = draft.owner in holders or not any(True for _ in owner.children())
    name = draft.owner if is_all else f"{draft.owner}.{draft.type}"
    return _valid(name) if draft.owner else ""


def _valid(name: str) -> str:
    """A qualified name as an architecture takes it: no keywords, and a letter in front."""
    found = ".".join(f"{part}_" if keyword.iskeyword(part) else part for part in name.split("."))
    if found[:1].isdigit():
        found = f"layers.{found}"
    if found == IMAGE_NAME:
        found = f"{found}_"
    return found if re.fullmatch(NAME, found) and len(found) <= MAX_NAME else ""
