"""The document in a search's ``request``: all that was asked, except the architecture."""

from collections.abc import Mapping
from typing import Any, Final

from solver.network.architecture import Architecture
from solver.parts import InParts
from solver.problem import Question, Settings

_LATER: Final[Mapping[str, Any]] = {"kernel_grows": True}


class SearchTerms(InParts):
    """What variants must satisfy, and how long to try."""

    parts = ("question", "settings")

    question: Question
    settings: Settings = Settings()

    @property
    def identity(self) -> dict[str, Any]:
        """The content from which a search's id is made.

        A field that was added later is left out while it has the value that all earlier searches
        had, so that ids do not change.
        """
        content = self.model_dump(mode="json")
        return {
            name: value
            for name, value in content.items()
            if name not in _LATER or value != _LATER[name]
        }

    def filled(self, original: Architecture) -> "SearchTerms":
        """The terms with the ranges that were left out (Section 4)."""
        ranges = self.question.ranges.filled(original.resolution)
        question = self.question.model_copy(update={"ranges": ranges})
        return SearchTerms(question=question, settings=self.settings)
