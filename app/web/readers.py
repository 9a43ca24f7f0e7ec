"""Which requests are answered for people, and which for programs."""

from typing import Final

from fastapi import Request

NOT_PAGES: Final = ("/v1/", "/static", "/docs", "/redoc", "/openapi.json", "/metrics")


def wants_page(request: Request) -> bool:
    """Whether whoever asks reads pages, and asks for what is one."""
    is_page = not request.url.path.startswith(NOT_PAGES)
    return is_page and "text/html" in request.headers.get("accept", "")
