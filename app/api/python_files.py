"""Responses that are Python files."""

from typing import Any, Final

from fastapi import Response

from app.api import examples
from app.services.sources import SourceFile


class PythonFile(Response):
    """A Python file to be saved."""

    media_type = "text/x-python"


def answered(file: SourceFile) -> PythonFile:
    """A file as a response."""
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
    return PythonFile(file.text, headers=headers)


DESCRIBED: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "A Python file with a class `Variant`, which needs PyTorch and nothing else",
        "headers": {
            "Content-Disposition": {
                "description": "What the file may be saved as",
                "schema": {"type": "string"},
            }
        },
        "content": {"text/x-python": {"schema": {"type": "string"}, "example": examples.SOURCE}},
    }
}
"""What the pages say of such a response."""
