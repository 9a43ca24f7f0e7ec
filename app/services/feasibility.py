"""How many originals of a grid have variants, and which of these are nearest to the user's own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from app.schemas.searches import Original
from app.services.tallies import Tally
from solver.network.counting import count
from solver.network.schema import Schema
from solver.problem import Problem, Question, Sample, SolveRequest
from solver.survey.feasibility import Members, NearestOriginals, Share, nearest, share, tightest
from solver.survey.grid import Grid


class GridView(Schema):
    """What was gone over."""

    axes: dict[str, list[int]] = Field(description="The values of each field that varies")
    size: int = Field(description="Combinations of these values")
    sample: Sample | None
    looked_at: int = Field(description="Combinations that were looked at: all, or those drawn")
    originals: int = Field(description="Those of them that are valid networks")
    fault: str | None = Field(description="What is wrong with the first that is not")


class Feasibility(Schema):
    """Shares of originals that have variants, and the nearest ones that have."""

    original: Original
    request: dict[str, Any] = Field(description="What all problems have in common")
    grid: GridView
    shares: list[Share]
    nearest: list[NearestOriginals] = Field(
        description="At the least tolerance asked for, by approach and budget"
    )
    unknown: int = Field(description="Problems whose variants could not be counted")
    reason: str | None = Field(description="Why the first of them could not")


@dataclass(frozen=True)
class Survey:
    """The problems to count: those of the user's own network, then those of each original.

    ``requests`` hold the problems of the user's own network; each original gets the same ones.
    """

    grid: Grid
    sample: Sample | None
    members: Members
    requests: Sequence[SolveRequest]

    def __len__(self) -> int:
        return (1 + len(self.members.numbers)) * len(self.requests)

    def __iter__(self) -> Iterator[SolveRequest]:
        yield from self.requests
        for number in self.members.numbers:
            original = self.grid.member(number)
            for request in self.requests:
                problem = Problem.of(request.problem, original)
                yield SolveRequest.of(problem, request.settings)

    def summary(self, tallies: Sequence[Tally], most: int) -> Feasibility:
        """Sum up the tallies, in the order of the problems, and name up to ``most`` originals."""
        width = len(self.requests)
        columns = [[tally.number for tally in tallies[place::width]] for place in range(width)]
        reasons = [tally.reason for tally in tallies if tally.number is None]
        return Feasibility(
            original=self._original(),
            request=self._common(),
            grid=self._view(),
            shares=[
                share(request.problem, own, found)
                for request, (own, *found) in zip(self.requests, columns, strict=True)
            ],
            nearest=list(self._nearest(columns, most)),
            unknown=len(reasons),
            reason=reasons[0] if reasons else None,
        )

    def _nearest(
        self, columns: Sequence[Sequence[int | None]], most: int
    ) -> Iterator[NearestOriginals]:
        numbers = self.members.numbers
        order = sorted(range(len(numbers)), key=lambda place: self.grid.distance(numbers[place]))
        problems = [request.problem for request in self.requests]
        for column in tightest(problems):
            found = ((numbers[place], columns[column][1 + place]) for place in order)
            yield nearest(problems[column], self.grid, found, most)

    def _original(self) -> Original:
        request, network = self.requests[0], self.grid.original
        return Original(
            id=network.id,
            resolution=network.resolution,
            counts=count(network, count_pooling=request.problem.count_pooling),
        )

    def _common(self) -> dict[str, Any]:
        differs = {"approach", "budget", "tolerance"}
        alike = {"problem": {*Question.model_fields} - differs, "settings": {"time_limit"}}
        return self.requests[0].model_dump(mode="json", include=alike, exclude_none=True)

    def _view(self) -> GridView:
        return GridView(
            axes={name: list(values) for name, values in self.grid.axes.items()},
            size=self.grid.size,
            sample=self.sample,
            looked_at=self.members.looked_at,
            originals=len(self.members.numbers),
            fault=self.members.fault,
        )
