"""Names of attributes, variables and classes that are free, and that Python and PyTorch allow."""

import builtins
import keyword
from collections.abc import Iterable
from typing import Final

LONGEST_ATTRIBUTE: Final = 40
LONGEST_VARIABLE: Final = 14
LONGEST_CLASS: Final = 28
"""Names are cut to these lengths, so that a statement with one layer fits on a line."""

OF_MODULES: Final = frozenset([
    "T_destination", "add_module", "apply", "bfloat16", "buffers", "call_super_init",
    "children", "compile", "cpu", "cuda", "double", "dump_patches", "eval", "extra_repr",
    "float", "forward", "get_buffer", "get_extra_state", "get_parameter", "get_submodule",
    "half", "ipu", "load_state_dict", "modules", "mtia", "named_buffers", "named_children",
    "named_modules", "named_parameters", "parameters", "register_backward_hook",
    "register_buffer", "register_forward_hook", "register_forward_pre_hook",
    "register_full_backward_hook", "register_full_backward_pre_hook",
    "register_load_state_dict_post_hook", "register_load_state_dict_pre_hook",
    "register_module", "register_parameter", "register_state_dict_post_hook",
    "register_state_dict_pre_hook", "requires_grad_", "set_extra_state", "set_submodule",
    "share_memory", "state_dict", "to", "to_empty", "train", "training", "type", "xpu",
    "zero_grad",
])  # fmt: skip
"""What every ``torch.nn.Module`` has: an attribute of this name would replace it."""
OF_PYTHON: Final = frozenset([*keyword.kwlist, *keyword.softkwlist, *dir(builtins)])
_AMBIGUOUS: Final = frozenset("lIO")
"""Names that look like digits (pycodestyle's E741 and E742)."""
OF_FILES: Final = frozenset(["self", "torch", "nn", "Tensor", "Variant", "FlopCounterMode"])
"""Names with a meaning of their own in every file that is written."""


class Names:
    """The names of one scope, each given once.

    Parameters
    ----------
    reserved
        Names that are never given.
    longest
        Longer names are cut.
    separator
        What is put behind a reserved name, and between a name and the number that tells it apart.
    """

    def __init__(self, reserved: Iterable[str], longest: int, separator: str = "_") -> None:
        self._reserved = frozenset(reserved)
        self._longest = longest
        self._separator = separator
        self._taken: dict[str, str] = {}
        self._numbers: dict[str, int] = {}

    def give(self, wanted: str) -> str:
        """The wanted name, or one like it if that is taken."""
        base = wanted[: self._longest]
        name = f"{base}{self._separator}" if base in self._reserved else base
        number = self._numbers.get(base, 1)
        while name in self._taken or name in self._reserved:
            number += 1
            ending = f"{self._separator}{number}"
            name = base[: self._longest - len(ending)] + ending
        self._taken[name] = base
        self._numbers[base] = number
        return name

    def give_back(self, name: str) -> None:
        """Let a name be given again."""
        base = self._taken.pop(name)
        self._numbers.pop(base, None)

    def is_free(self, name: str) -> bool:
        """Whether a name is not given."""
        return name not in self._taken


def attributes() -> Names:
    """Names for the attributes of a module."""
    return Names(OF_MODULES | {*keyword.kwlist}, LONGEST_ATTRIBUTE)


def variables() -> Names:
    """Names for the parameters and variables of a method."""
    return Names(OF_PYTHON | OF_FILES | _AMBIGUOUS, LONGEST_VARIABLE)


def parameters() -> Names:
    """Names for the parameters of a constructor."""
    return Names(OF_PYTHON | OF_FILES | _AMBIGUOUS, LONGEST_ATTRIBUTE)


def classes(helpers: Iterable[str]) -> Names:
    """Names for classes, beside those of the helpers."""
    return Names(OF_PYTHON | OF_FILES | _AMBIGUOUS | {*helpers}, LONGEST_CLASS, "")


def identifier(name: str) -> str:
    """A layer's name as an identifier: no underscore at its head, which Python would mangle."""
    plain = name.replace(".", "_").lstrip("_")
    return plain if plain and not plain[0].isdigit() else f"layer{plain}"


def variable(name: str) -> str:
    """What a layer's output is called: the last part of its name that is not a number."""
    parts = name.split(".")
    start = next((it for it in range(len(parts) - 1, 0, -1) if not parts[it].isdigit()), 0)
    return identifier(".".join(parts[start:])).lower()


def camel(name: str) -> str:
    """A name in the manner of classes: ``conv_block`` becomes ``ConvBlock``."""
    return "".join(part[:1].upper() + part[1:] for part in identifier(name).split("_"))
