"""``docker-compose.yml`` and ``Dockerfile``, read as Docker reads them, as far as ours go."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
COMPOSE = ROOT / "docker-compose.yml"

VARIABLE = re.compile(
    r"\$(?:(?P<dollar>\$)|\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<text>[^}]*))?\}|(?P<bad>.?))"
)


class MissingError(ValueError):
    """A variable that Compose insists on; the text is what it says."""


def compose(**environment: str) -> dict[str, Any]:
    """The file with its variables replaced.

    Raises
    ------
    MissingError
        One that must be set is not, or empty.
    """
    found: dict[str, Any] = _replaced(yaml.safe_load(COMPOSE.read_text()), environment)
    return found


def _replaced(value: Any, environment: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _replaced(item, environment) for name, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, environment) for item in value]
    if isinstance(value, str):
        return VARIABLE.sub(lambda found: _value(found, environment), value)
    return value


def _value(found: re.Match[str], environment: Mapping[str, str]) -> str:
    assert found["bad"] is None, f"{found.string}: not as Compose writes variables"
    if found["dollar"]:
        return "$"
    value = environment.get(found["name"], "")
    if not value and found["kind"] == "?":
        raise MissingError(found["text"])
    return value or (found["text"] if found["kind"] == "-" else "")


@dataclass
class Stage:
    """A stage of the Dockerfile: its name, what it is built from, and its instructions."""

    name: str
    base: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all(self, instruction: str) -> list[str]:
        """The arguments of all instructions of one kind."""
        return [text for name, text in self.instructions if name == instruction]

    def last(self, instruction: str) -> str | None:
        """The arguments of the last instruction of one kind: the one that holds."""
        return next(iter(self.all(instruction)[::-1]), None)


def stages() -> dict[str, Stage]:
    """All stages, by their names."""
    found: dict[str, Stage] = {}
    lines = [line for line in _dockerfile().splitlines() if not line.startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if not line.strip():
            continue
        instruction, text = line.split(maxsplit=1)
        if instruction == "FROM":
            base, _, name = text.split()
            found[name] = stage = Stage(name, base)
        else:
            stage.instructions.append((instruction, " ".join(text.split())))
    return found


def _dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text()


def words(text: str | None) -> list[str]:
    """A command in its exec form."""
    found: list[str] = json.loads(text or "[]")
    return found


def image_environment(target: str) -> dict[str, str]:
    """What a stage, and those that it is built from, set in the environment."""
    stage = stages()[target]
    inherited = image_environment(stage.base) if stage.base in stages() else {}
    own = [pair.split("=", 1) for text in stage.all("ENV") for pair in text.split()]
    return {**inherited, **{name: value for name, value in own}}  # noqa: C416 - pairs are lists
