"""Commands that are imported only when they run."""

import keyword
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True)
class Named:
    """A command, known by name until it is imported.

    Attributes
    ----------
    name
        The command's name, and that of the function or ``typer.Typer`` in ``module``; with ``_``
        behind it there, if it is a keyword of Python.
    module
        The module that defines it.
    help
        The first paragraph of its help, for the list of all commands.
    settings
        What ``typer.Typer.command`` takes besides.
    """

    name: str
    module: str
    help: str
    settings: dict[str, Any] = field(default_factory=dict)

    def find(self) -> Any:
        """Import the module, and take the command's function or ``typer.Typer`` from it."""
        is_keyword = keyword.iskeyword(self.name)
        return getattr(import_module(self.module), f"{self.name}_" if is_keyword else self.name)

    def load(self) -> Any:
        """Import the module, and make the command."""
        found = self.find()
        if isinstance(found, typer.Typer):
            return typer.main.get_command(found)
        alone = typer.Typer(add_completion=False)
        alone.command(self.name, **self.settings)(found)
        return typer.main.get_command(alone)


class LazyCommand(TyperCommand):
    """Stands for a command in the list of all commands; its module is imported once it is run."""

    def __init__(self, named: Named) -> None:
        super().__init__(named.name, help=named.help)
        self._named = named

    @cached_property
    def real(self) -> Any:
        """The command itself."""
        return self._named.load()

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Parse the arguments of the command itself; its context is what runs it."""
        return self.real.make_context(*arguments, **options)


class LazyGroup(TyperGroup):
    """A group whose commands are :class:`LazyCommand`; a subclass names them in ``lazy``."""

    lazy: tuple[Named, ...] = ()

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for named in self.lazy:
            self.add_command(LazyCommand(named))
