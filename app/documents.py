"""Architectures as files that people read: one layer a line, defaults left out."""

import json
from typing import Any

from solver.network.architecture import Architecture
from solver.network.layers import Layer


def document(architecture: Architecture) -> str:
    """Write an architecture as JSON; reading it gives the same ``id``."""
    content = architecture.model_dump(mode="json", exclude_none=True, exclude={"layers"})
    head = [f"  {json.dumps(key)}: {json.dumps(value)}," for key, value in content.items()]
    layers = [f"    {json.dumps(_plain(layer))}" for layer in architecture.layers]
    return "\n".join(["{", *head, '  "layers": [', ",\n".join(layers), "  ]", "}"])


def _plain(layer: Layer) -> dict[str, Any]:
    """The fields of a layer that are not as their type has them; its name and type come first."""
    fields = type(layer).model_fields
    given = layer.model_dump(mode="json", exclude_none=True, exclude={"name", "type"})
    changed = {key: value for key, value in given.items() if value != fields[key].default}
    return {"name": layer.name, "type": layer.type, **changed}
