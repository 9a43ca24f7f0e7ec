"""How keys stand in the OpenAPI document, which the docs' button "Authorize" is made from."""

from typing import Any, Final

from fastapi import FastAPI

from app.api.access import OPEN_PATHS

SCHEME: Final = "key"
DESCRIPTION: Final = (
    "`isobudget keys create` makes one. A key of scope `read` may only `GET`. Programs on the "
    "server's own machine need none, unless `ISOBUDGET_REQUIRE_KEY=always`."
)


def describe_keys(app: FastAPI, *, is_optional: bool) -> None:
    """Have an application's OpenAPI document say which operations take a key."""
    derive = app.openapi

    def openapi() -> dict[str, Any]:
        document = derive()
        scheme = {"type": "http", "scheme": "bearer", "description": DESCRIPTION}
        document.setdefault("components", {})["securitySchemes"] = {SCHEME: scheme}
        needed: list[dict[str, list[str]]] = [{SCHEME: []}, {}] if is_optional else [{SCHEME: []}]
        for path, item in document.get("paths", {}).items():
            for operation in item.values():
                operation["security"] = [] if path in OPEN_PATHS else needed
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend it
