"""The routes of these pages."""

from app.web.routes import PageRouter

router = PageRouter()
