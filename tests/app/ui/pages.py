"""Reads pages as a browser does, as far as tests need it."""

from html.parser import HTMLParser


class Page(HTMLParser):
    """Collects what a page refers to, and its visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.references: list[str] = []
        self.tags: list[str] = []
        self.titles: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self._inside: dict[str, str | None] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        self.references += [value or "" for name, value in attrs if name in ("src", "href")]
        self.titles.append(found.get("title") or "")
        self.ids += [found["id"] or ""] if "id" in found else []
        self._inside = {**found, "tag": tag}

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside.get("tag"):
            self._inside = {}

    def handle_data(self, data: str) -> None:
        if self._inside.get("tag") not in ("script", "style"):
            self.text += data
