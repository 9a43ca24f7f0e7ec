"""The document in a search's ``request``: all that was asked, except the architecture."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import model_validator

from solver.network.architecture import Architecture
from solver.parts import InParts
from solver.problem import Question, Settings, suited
from solver.suitability import OF_WHOLE

_LATER: Final[Mapping[str, Any]] = {"kernel_grows": True, **OF_WHOLE}


class SearchTerms(InParts):
    """What variants must satisfy, and how long to try."""

    parts = ("question", "settings")

    question: Question
    settings: Settings = Settings()

    @model_validator(mode="after")
    def _suits_the_approach(self) -> "SearchTerms":
        object.__setattr__(self, "settings", suited(self.question, self.settings))
        return self

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
        """The terms with defaults filled in (Section 4)."""
        question = self.question.filled_for(original.resolution)
        return SearchTerms(question=question, settings=self.settings)
