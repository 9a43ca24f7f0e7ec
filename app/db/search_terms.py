"""The document that a search's ``request`` holds: all that was asked but for the architecture."""

from solver.flat import Flat
from solver.network.architecture import Architecture
from solver.problem import Question, Settings


class SearchTerms(Flat):
    """What variants must satisfy, and how long to try."""

    parts = ("question", "settings")

    question: Question
    settings: Settings = Settings()

    def filled(self, original: Architecture) -> "SearchTerms":
        """The terms with the ranges that were left out (Section 4)."""
        ranges = self.question.ranges.filled(original.input.resolution)
        question = self.question.model_copy(update={"ranges": ranges})
        return SearchTerms(question=question, settings=self.settings)
