"""The document that a search's ``request`` holds: all that was asked but for the architecture."""

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
        """What the ids of searches are made of.

        A field that came later is left out while it has the value that all searches had before, so
        that ids stay what they were.
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
