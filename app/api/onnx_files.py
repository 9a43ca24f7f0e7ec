"""Responses that are ONNX files."""

from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from fastapi import Response
from fastapi.responses import StreamingResponse

from app.api import caching
from app.services import onnx_files
from app.services.asking import HangUp
from app.services.networks import Network
from app.services.onnx_files import OnnxFiles

CHUNK: Final = 1 << 20
"""Bytes that are read at once."""


class OnnxFile(StreamingResponse):
    """An ONNX file to be saved."""

    media_type = "application/octet-stream"


async def answered(
    network: Network, files: OnnxFiles, hang_up: HangUp, asked: str | None
) -> Response:
    """Have a network written and send it, or answer 304 if the client has it already.

    Raises
    ------
    app.errors.UnsupportedError, app.errors.RefusedError, app.errors.BusyError
        As :func:`app.services.onnx_files.check` and :meth:`OnnxFiles.write` do.
    """
    architecture = network.view.architecture
    onnx_files.check(architecture)
    tag = caching.weak_tag_of(onnx_files.version_of(architecture))
    headers = caching.headers_of(tag)
    if caching.holds(asked, tag):
        return Response(status_code=304, headers=headers)
    file = await files.write(architecture, hang_up)
    headers["Content-Disposition"] = f'attachment; filename="{network.stem}.onnx"'
    headers["Content-Length"] = str(file.seek(0, 2))
    return OnnxFile(_content(file), headers=headers)


def _content(file: BinaryIO) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield chunk


DESCRIBED: Final[dict[int | str, dict[str, Any]]] = {
    **caching.KEPT,
    200: {
        "description": "An ONNX file, which takes `images` in batches of any size",
        "headers": {
            **caching.HEADERS,
            "Content-Disposition": {
                "description": "What the file may be saved as",
                "schema": {"type": "string"},
            },
        },
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
    501: {"description": "PyTorch or ONNX is not installed on the server"},
}
"""What the pages say of such a response."""
