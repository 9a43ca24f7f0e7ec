"""A reader's place in a stream of events that tells only how something stands now."""

import re
import zlib
from dataclasses import dataclass
from typing import Any, Final

from app.db.events import FOREIGN, PlaceError

_PLACE: Final = re.compile(r"(\d{1,18})-([0-9a-f]{8})(!?)", re.ASCII)


@dataclass
class Place:
    """A reader's place in the events of a search or a study.

    Attributes
    ----------
    number
        The number of events that the reader has had.
    told
        A checksum of the progress that the reader knows; empty if it knows none.
    is_over
        Whether the reader knows the end.
    """

    number: int = 0
    told: str = ""
    is_over: bool = False

    def __str__(self) -> str:
        """The text that a client sends back."""
        return f"{self.number}-{self.told or '00000000'}{'!' * self.is_over}"

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Read the text of a place.

        Raises
        ------
        PlaceError
            The text was not made by :meth:`__str__`.
        """
        whole = _PLACE.fullmatch(text)
        if whole is None:
            raise PlaceError(FOREIGN)
        return cls(int(whole[1]), whole[2], bool(whole[3]))

    def learn(self, known: Any) -> bool:
        """Take note of what the reader is told. Returns whether it is news."""
        checksum = f"{zlib.crc32(repr(known).encode()):08x}"
        if checksum == self.told:
            return False
        self.told = checksum
        return True
