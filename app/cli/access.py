"""Servers that others can reach need a key before they start."""

import logging
from contextlib import closing

from app.cli.console import fail
from app.cli.databases import failure
from app.config import Settings
from app.db.engine import Database
from app.db.errors import DatabaseError
from app.listening import listens_on_loopback
from app.services.keys import UnusableKeyError, is_any_valid

logger = logging.getLogger(__name__)


def guarded(chosen: Settings, host: str) -> Settings:
    """The settings of a server that is to listen on a host: others need a key.

    Ends the command if a key is needed and there is none.
    """
    if chosen.require_key == "auto" and listens_on_loopback(host):
        return chosen
    try:
        with closing(Database(chosen.database_url)) as database:
            if not is_any_valid(database, chosen):
                fail(
                    f"a server on {host} needs a key, and there is none; make one: "
                    "isobudget keys create"
                )
    except UnusableKeyError as unusable:
        fail(str(unusable))
    except (DatabaseError, OSError) as away:
        fail(f"a server on {host} needs a key, which the database must tell: {failure(away)}")
    return chosen.model_copy(update={"require_key": "always"})
