"""``/docs`` and ``/redoc``: pages that load nothing from elsewhere, and run nothing but their own.

The files that they load come with ``fastapi_offline``.
"""

import base64
import hashlib
import re
from typing import Final

from fastapi import Request
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse

from app.api.routes import Router

FILES: Final = "/static-offline-docs"
SCRIPT: Final = re.compile(rb"<script>(.*?)</script>", re.DOTALL)

router = Router(include_in_schema=False)


@router.get("/docs")
async def show_docs(request: Request) -> HTMLResponse:
    """The description of the API as a page from which calls can be tried."""
    return _guarded(
        get_swagger_ui_html(
            openapi_url=request.app.openapi_url,
            title=f"{request.app.title} - Swagger UI",
            swagger_js_url=f"{FILES}/swagger-ui-bundle.js",
            swagger_css_url=f"{FILES}/swagger-ui.css",
            swagger_favicon_url=f"{FILES}/favicon.png",
            swagger_ui_parameters=request.app.swagger_ui_parameters,
        )
    )


@router.get("/redoc")
async def show_redoc(request: Request) -> HTMLResponse:
    """The description of the API as a page to read."""
    return _guarded(
        get_redoc_html(
            openapi_url=request.app.openapi_url,
            title=f"{request.app.title} - ReDoc",
            redoc_js_url=f"{FILES}/redoc.standalone.js",
            redoc_favicon_url=f"{FILES}/favicon.png",
            with_google_fonts=False,
        )
    )


def _guarded(page: HTMLResponse) -> HTMLResponse:
    """Allow a page its own scripts, which are known by their hashes, and nothing of others."""
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'"
        for script in SCRIPT.findall(bytes(page.body))
    ]
    page.headers["Content-Security-Policy"] = "; ".join(
        (
            "default-src 'none'",
            " ".join(("script-src 'self'", *hashes)),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src blob:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
    return page
