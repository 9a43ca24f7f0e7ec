"""Keys of the API, as ``isobudget keys list --json`` prints them."""

from datetime import datetime
from typing import Literal, TypeAlias

from pydantic import BaseModel

from app.keys import Scope

KeyState: TypeAlias = Literal["valid", "revoked", "expired"]


class KeyView(BaseModel):
    """A key without its secret."""

    id: str
    name: str
    scope: Scope
    state: KeyState
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
