"""Tokens in forms: only our own pages can send a form in the name of a visitor.

A page of another origin can have a browser send a form, but cannot read a token (OWASP, *Cross-Site
Request Forgery Prevention*: a signed token that is bound to the session).
"""

from typing import Final

from app.db import signing
from app.db.engine import Database

_ABOUT: Final = b"form/"
"""Keeps signatures of forms apart from those of other things."""


def token(database: Database, visitor: str) -> str:
    """The token of a visitor's forms."""
    with database.look() as session:
        return signing.signature(session, _ABOUT + visitor.encode()).hex()


def is_token(database: Database, visitor: str, given: str) -> bool:
    """Whether a form carries the visitor's token; it takes as long for every wrong one."""
    try:
        signature = bytes.fromhex(given)
    except ValueError:
        return False
    with database.look() as session:
        return signing.is_signed(session, _ABOUT + visitor.encode(), signature)
