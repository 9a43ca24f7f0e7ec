"""The files that pages load: styles, scripts and the libraries that are vendored with them.

They are read once, compressed once, and named by a digest of their contents, so that a browser
keeps them for as long as they stay the same (RFC 9111, RFC 8246).
"""

from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import chain
from typing import Annotated, Final, NamedTuple

from fastapi import Path, Response

from app.api.encodings import AcceptEncoding, compressed, encoded
from app.api.routes import Router
from app.db.errors import NotFoundError

PREFIX: Final = "/static"
TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""The media types of the files that are served; others, such as licences, are not."""
KEPT: Final = "public, max-age=31536000, immutable"

router = Router(prefix=PREFIX, include_in_schema=False)


class Asset(NamedTuple):
    """A file as it is sent."""

    content: bytes
    compressed: bytes
    media_type: str


@cache
def assets() -> Mapping[str, Asset]:
    """All files by their paths, such as ``site.css`` and ``vendor/htmx.min.js``."""
    folders = (files(package) / "static" for package in ("app.ui", "app.web"))
    return dict(sorted(chain.from_iterable(_read(folder, "") for folder in folders)))


def _read(folder: Traversable, prefix: str) -> Iterator[tuple[str, Asset]]:
    for file in folder.iterdir():
        if file.is_dir():
            yield from _read(file, f"{prefix}{file.name}/")
        elif media_type := TYPES.get(f".{file.name.rpartition('.')[2]}"):
            content = file.read_bytes()
            yield prefix + file.name, Asset(content, compressed(content), media_type)


@cache
def digest() -> str:
    """What stands for the contents of all files in their addresses."""
    whole = sha256()
    for name, asset in assets().items():
        whole.update(name.encode() + b"\0" + asset.content)
    return whole.hexdigest()[:12]


def url(name: str) -> str:
    """The address of a file; templates call it ``asset``.

    Raises
    ------
    KeyError
        There is no such file.
    """
    assert assets()[name]
    return f"{PREFIX}/{digest()}/{name}"


@router.get("/{version}/{name:path}")
async def get_asset(
    version: Annotated[str, Path(max_length=64)],
    name: Annotated[str, Path(max_length=200)],
    accept_encoding: AcceptEncoding = None,
) -> Response:
    """Send a file; an earlier version's address is unknown."""
    asset = assets().get(name) if version == digest() else None
    if asset is None:
        raise NotFoundError("there is no such file; load the page anew")
    return encoded(
        asset.content,
        accept_encoding,
        asset.media_type,
        headers={"Cache-Control": KEPT},
        compress=lambda _: asset.compressed,
    )
