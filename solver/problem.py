"""What to solve (:class:`Problem`), how long to try (:class:`Settings`), both as one request."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias

from pydantic import (
    ConfigDict,
    Discriminator,
    Field,
    ModelWrapValidatorHandler,
    Tag,
    model_validator,
)

from solver.approaches import APPROACHES
from solver.network.architecture import Architecture
from solver.network.counting import refuse_overflow
from solver.network.schema import DEFERRED, MAX_SIZE, Schema
from solver.network.sentences import expected, refusal
from solver.parts import InParts
from solver.variation.template import MisfitError, Template
from solver.variation.tolerance import Fraction, TakesNumber, Tolerance
from solver.variation.unknown import MAX_GEOMETRY, MAX_WIDTH, Range

Budget = Literal["params", "flops", "both"]
Scope = Literal["network", "paper"]
if TYPE_CHECKING:
    ApproachName: TypeAlias = str
else:
    ApproachName = Literal[tuple(APPROACHES)]


class Ranges(Schema):
    """Inclusive ranges of the unknowns, each ``[low, high]``.

    A range that is left out takes Section 4's values: ``resolution`` is ``[N + 1, 2N]``, and
    ``out_channels`` and ``out_features`` are unbounded.
    """

    resolution: Range | None = None
    kernel_size: Range | None = None
    stride: Range | None = None
    padding: Range | None = None
    dilation: Range | None = None
    pool_kernel_size: Range | None = None
    pool_stride: Range | None = None
    pool_padding: Range | None = None
    out_channels: Range | None = None
    out_features: Range | None = None

    @model_validator(mode="wrap")
    @classmethod
    def _check(cls, data: Any, handler: ModelWrapValidatorHandler["Ranges"]) -> "Ranges":
        """Refuse every range that makes no sense, each with its place."""
        if not isinstance(data, Mapping | cls):
            raise expected('an object such as {"resolution": [17, 32]}')
        ranges = handler(data)
        reasons = [(name, _senseless(name, bounds)) for name, bounds in ranges if bounds]
        if faults := [((name,), reason) for name, reason in reasons if reason]:
            raise refusal(cls.__name__, faults)
        return ranges

    def filled(self, resolution: int) -> "Ranges":
        """Fill in the ranges that were left out, for an original of this resolution (Section 4)."""
        highest = max(resolution + 1, min(2 * resolution, MAX_SIZE))
        defaults = DEFAULT_RANGES | {"resolution": Range(resolution + 1, highest)}
        given = {name: bounds for name, bounds in self if bounds is not None}
        return Ranges.model_construct(**{**defaults, **given})


def _senseless(name: str, bounds: Range) -> str | None:
    least = 0 if name in ("padding", "pool_padding") else 1
    if bounds.low > bounds.high:
        return f"the range {bounds.low}..{bounds.high} is empty; the lower bound comes first"
    if bounds.low < least:
        return f"{name} is at least {least}"
    largest = MAX_WIDTH if name in ("out_channels", "out_features") else MAX_GEOMETRY
    return f"{name} is at most {largest:,}" if bounds.high > largest else None


DEFAULT_RANGES: Final[dict[str, Range | None]] = {
    "kernel_size": Range(3, 8),
    "stride": Range(1, 5),
    "padding": Range(1, 5),
    "dilation": Range(2, 4),
    "pool_kernel_size": Range(2, 8),
    "pool_stride": Range(1, 5),
    "pool_padding": Range(0, 5),
    "out_channels": None,
    "out_features": None,
}


class Question(Schema):
    """What is asked about an architecture: a :class:`Problem` without the architecture."""

    approach: ApproachName = Field(description="Section 3's approach")
    budget: Budget = Field(description="What stays equal")
    scope: Scope = Field(
        default="network",
        description="`network` counts the whole network; `paper` takes the equation as printed",
    )
    tolerance: Annotated[Tolerance, TakesNumber] = Field(
        default=Tolerance(),
        description="Fractions of the original's count: a number, or `{below, above}`",
        json_schema_extra={"default": 0.0},
    )
    ranges: Ranges = Field(
        default_factory=Ranges, description="Bounds of the unknowns; Section 4's where left out"
    )
    count_pooling: bool = Field(
        default=True, strict=True, description="Whether pooling costs FLOPs"
    )
    min_coverage: Fraction = Field(
        default=0.0, description="Least share of the input's rows that conv1 reads"
    )
    kernel_grows: bool = Field(
        default=True,
        strict=True,
        description="III and IV: `C1' > C1` as printed; `false` allows `C1' = C1`",
    )


class Problem(Question):
    """An original network, and what its variants must satisfy."""

    model_config = DEFERRED

    architecture: Architecture

    @model_validator(mode="after")
    def _can_be_solved(self) -> "Problem":
        """Refuse networks that the approach does not fit, and counts too large to be exact."""
        try:
            refuse_overflow(self.template.original_walk)
        except MisfitError as misfit:
            fault = (("architecture", *misfit.place), str(misfit))
        except OverflowError as too_large:
            fault = (("architecture",), str(too_large))
        else:
            return self
        raise refusal("Problem", [fault])

    @cached_property
    def template(self) -> Template:
        """The network with the approach's unknowns in it."""
        return APPROACHES[self.approach].template(self.architecture)

    @classmethod
    def of(cls, question: Question, architecture: Architecture) -> "Problem":
        """The question, asked about one architecture; both are already valid."""
        asked = {name: getattr(question, name) for name in Question.model_fields}
        return cls.model_construct(**asked, architecture=architecture)

    @cached_property
    def bounds(self) -> Ranges:
        """The ranges, with the defaults filled in."""
        return self.ranges.filled(self.architecture.resolution)


ObjectiveName = Literal[
    "nearest_budget",
    "max_resolution",
    "max_receptive_field",
    "max_coverage",
    "min_flops",
    "min_params",
]


class Sample(Schema):
    """Some of the solutions, drawn uniformly from all of them."""

    model_config = ConfigDict(title="FindSample")  # a title of its own, since `sample` is a field

    sample: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] = Field(
        description="How many to draw"
    )
    seed: Annotated[int, Field(ge=0, lt=2**31, strict=True)] = Field(
        default=0, description="The same seed draws the same solutions"
    )


class Best(Schema):
    """The best solutions by an objective; docs/model.md states how ties are broken."""

    model_config = ConfigDict(title="FindBest")  # a title of its own, since `best` is a field

    best: ObjectiveName = Field(description="What is best")
    top: Annotated[int, Field(ge=1, le=1_000, strict=True)] = Field(
        default=10, description="How many of the best"
    )
    diverse: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="Only answers that differ in a third of their unknowns or more"
    )


_EVERYTHING, _SAMPLE, _BEST = "everything", "a sample", "the best"
"""Tags of the three forms of ``find``; none of them is a key in one."""


def _kind_of_find(value: Any) -> str | None:
    """The form that a value is meant to have; ``None`` if it resembles no form."""
    if isinstance(value, Sample) or (isinstance(value, dict) and "sample" in value):
        return _SAMPLE
    if isinstance(value, Best) or (isinstance(value, dict) and "best" in value):
        return _BEST
    return _EVERYTHING if value == "all" else None


Find = Annotated[
    Annotated[Literal["all"], Tag(_EVERYTHING)]
    | Annotated[Sample, Tag(_SAMPLE)]
    | Annotated[Best, Tag(_BEST)],
    Discriminator(
        _kind_of_find,
        custom_error_type="find",
        custom_error_message='write "all", {"sample": 100} or {"best": "max_resolution"}',
    ),
]


class Settings(Schema):
    """How long to search, and which solutions to answer."""

    find: Find = Field(
        default="all",
        description="Which of the solutions to answer: `all`, a uniform `sample`, or the `best`",
    )
    limit: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] = Field(
        default=10_000,
        description="Most variants to keep; of more, that many are drawn uniformly from all",
    )
    time_limit: Annotated[float, Field(ge=0.1, le=3600.0, allow_inf_nan=False, strict=True)] = (
        Field(default=30.0, description="Seconds")
    )


class SolveRequest(InParts):
    """A whole search request, as files and the solver's child process read it."""

    model_config = DEFERRED

    parts = ("problem", "settings")

    problem: Problem
    settings: Settings = Settings()

    @classmethod
    def of(cls, problem: Problem, settings: Settings) -> "SolveRequest":
        """A request made of these parts without validation: whoever reads it validates it."""
        return cls.model_construct(problem=problem, settings=settings)

    def filled(self) -> "SolveRequest":
        """The request with the default ranges filled in."""
        problem = self.problem
        question = problem.model_copy(update={"ranges": problem.bounds})
        return SolveRequest.of(Problem.of(question, problem.architecture), self.settings)
