"""The modules that a command names: of torchvision, of timm, or of a file of the user's."""

import runpy
import sys
import warnings
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from torch import nn

from trainer.importing.refusal import NotImportableError


@dataclass(frozen=True)
class Named:
    """A module with random weights, its name, and the images that it was made for.

    Attributes
    ----------
    resolution
        Side of its images in pixels; ``None`` if the module does not tell it.
    """

    module: nn.Module
    name: str
    channels: int
    resolution: int | None


def named(source: str) -> Named:
    """Make the module that ``torchvision:NAME``, ``timm:NAME`` or ``FILE.py:FACTORY`` names.

    Raises
    ------
    NotImportableError
        There is no such module.
    """
    library, _, name = source.rpartition(":")
    if library == "torchvision":
        return _of_torchvision(name)
    return _of_timm(name) if library == "timm" else _of_file(Path(library), name)


def shape_of(
    found: Named, resolution: int | None = None, channels: int | None = None
) -> tuple[int, int, int]:
    """``(channels, height, width)`` of a module's images: what is asked for, or its own.

    Raises
    ------
    NotImportableError
        The module does not tell its resolution, and none is asked for.
    """
    side = resolution or found.resolution
    if side is None:
        raise NotImportableError("the size of its images is not known; say it with --resolution N")
    return (channels or found.channels, side, side)


def _of_torchvision(name: str) -> Named:
    from trainer.vision import models

    known = models.list_models(module=models)
    if name not in known:
        raise NotImportableError(_unknown("torchvision", name, known))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # GoogLeNet's, of how it is initialised
        module = models.get_model(name, weights=None)
    preset = models.get_model_weights(name).DEFAULT.transforms
    return Named(module, name, 3, preset.keywords["crop_size"])


def _of_timm(name: str) -> Named:
    try:
        import trainer.vision  # noqa: F401 # timm imports torchvision, which loads behind it

        import timm  # isort: skip
    except ImportError:
        raise NotImportableError("timm is not installed: pip install timm") from None
    if not timm.is_model(name):
        raise NotImportableError(_unknown("timm", name, timm.list_models()))
    module = timm.create_model(name)
    config = timm.get_pretrained_cfg(name)
    channels, resolution, _ = config.input_size if config is not None else (3, 224, 224)
    return Named(module, name, channels, resolution)


def _of_file(path: Path, name: str) -> Named:
    if path.suffix != ".py" or not path.is_file():
        raise NotImportableError(
            f"{path} is no Python file; write torchvision:NAME, timm:NAME or FILE.py:FACTORY"
        )
    sys.path.insert(0, str(path.parent.resolve()))  # where its own imports are looked for
    factory = runpy.run_path(str(path)).get(name)
    if not callable(factory):
        raise NotImportableError(f"{path} has no function or class {name}")
    module = factory()
    if not isinstance(module, nn.Module):
        raise NotImportableError(f"{name}() in {path} gives a {type(module).__name__}, no Module")
    return Named(module, name, _channels(module), None)


def _channels(module: nn.Module) -> int:
    """Channels that the first convolution reads; 1 if there is none."""
    first = next((it for it in module.modules() if isinstance(it, nn.Conv2d)), None)
    return first.in_channels if first is not None else 1


def _unknown(library: str, name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, 1)
    return f"{library} has no model {name}" + (f"; do you mean {close[0]}?" if close else "")
