"""What people send with a form."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs

from fastapi import HTTPException, Request

FORM: Final = "application/x-www-form-urlencoded"
MOST_FIELDS: Final = 20_000
"""More than a form of ours has: a selection names up to 10,000 variants."""


class Form:
    """The fields of a form, each with its values in the order in which they were sent."""

    def __init__(self, fields: Mapping[str, list[str]]) -> None:
        self._fields = fields

    def all(self, name: str) -> list[str]:
        """All values of a field; none if it was not sent."""
        return self._fields.get(name, [])

    def text(self, name: str, default: str = "") -> str:
        """The last value of a field, without space around it."""
        values = self.all(name)
        return values[-1].strip() if values else default

    def checked(self, name: str) -> bool:
        """Whether a checkbox was ticked."""
        return bool(self.all(name))


async def read(request: Request) -> Form:
    """Read the form in a request's body.

    Raises
    ------
    HTTPException
        400: the body is no form; 415: it is none by its type.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        raise HTTPException(415, f"a form is expected here, of the type {FORM}")
    try:
        text = (await request.body()).decode()
        return Form(parse_qs(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError as unreadable:
        raise HTTPException(400, "this form cannot be read") from unreadable
