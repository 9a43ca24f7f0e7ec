"""What to solve (:class:`Problem`), how long to try (:class:`Settings`), both as one request."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias, get_args

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
from solver.network.schema import DEFERRED, MAX_COUNT, MAX_SIZE, Fault, Schema
from solver.network.sentences import expected, refusal
from solver.parts import InParts
from solver.suitability import unsuited
from solver.variation.template import Template, faults_of
from solver.variation.tolerance import Fraction, TakesNumber, Tolerance
from solver.variation.unknown import MAX_GEOMETRY, MAX_WIDTH, Range
from solver.variation.width_terms import WidthTerms

Budget = Literal["params", "flops", "both"]
Scope = Literal["network", "paper"]
Counted = Literal["flops", "macs"]
Dtype = Literal["float32", "float16", "int8"]
BYTES: Final = {"float32": 4, "float16": 2, "int8": 1}
"""Bytes of an element."""
Most = Annotated[int, Field(ge=1, le=MAX_COUNT, strict=True)]
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

    approach: ApproachName = Field(
        description="Section 3's approach; V changes all widths of a network"
    )
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
    widths: WidthTerms | None = Field(
        default=None, description="V: how far widths may change, and in which steps"
    )
    count: Counted = Field(
        default="flops",
        description="V: `macs` counts FLOPs without pools and biases, as the literature does",
    )
    max_activation_bytes: Most | None = Field(
        default=None, description="V: most bytes of the tensors that are alive at once"
    )
    dtype: Dtype = Field(default="float32", description="V: of the tensors in those bytes")
    max_params: Most | None = Field(default=None, description="V: most parameters")

    @model_validator(mode="after")
    def _suits_the_approach(self) -> "Question":
        """Refuse fields that mean nothing to the approach."""
        if faults := list(unsuited(self)):
            raise refusal(type(self).__name__, faults)
        return self

    @property
    def is_whole(self) -> bool:
        """Whether all widths may change."""
        return APPROACHES[self.approach].is_whole

    @property
    def max_activations(self) -> int | None:
        """Most elements that may be alive at once."""
        most = self.max_activation_bytes
        return None if most is None else most // BYTES[self.dtype]

    def filled_for(self, resolution: int) -> "Question":
        """The question with defaults filled in, for an original of this resolution."""
        return self.model_copy(update=self._filled(resolution))

    def _filled(self, resolution: int) -> dict[str, Any]:
        if not self.is_whole:
            return {"ranges": self.ranges.filled(resolution)}
        highest = max(resolution, min(2 * resolution, MAX_SIZE))
        sides = self.ranges.resolution or Range(resolution, highest)
        return {"ranges": Ranges(resolution=sides), "widths": self.widths or WidthTerms()}


class Problem(Question):
    """An original network, and what its variants must satisfy."""

    model_config = DEFERRED

    architecture: Architecture

    @model_validator(mode="after")
    def _can_be_solved(self) -> "Problem":
        """Refuse networks that the approach does not fit, and counts too large to be exact."""
        faults = list(faults_of(lambda: self.template))
        if not faults:
            try:
                refuse_overflow(self.template.original_walk)
            except OverflowError as too_large:
                faults = [(("architecture",), str(too_large))]
        if faults:
            raise refusal("Problem", faults)
        return self

    @cached_property
    def template(self) -> Template:
        """The network with the approach's unknowns in it."""
        return APPROACHES[self.approach].template(self.architecture, self)

    @classmethod
    def of(cls, question: Question, architecture: Architecture) -> "Problem":
        """The question, asked about one architecture; both are already valid."""
        asked = {name: getattr(question, name) for name in Question.model_fields}
        return cls.model_construct(**asked, architecture=architecture)

    @cached_property
    def bounds(self) -> Ranges:
        """The ranges, with the defaults filled in."""
        ranges: Ranges = self._filled(self.architecture.resolution)["ranges"]
        return ranges


WholeObjective = Literal["closest", "max_resolution", "fewest_changes", "min_activations"]
"""The objectives of approach V."""
EnumeratedObjective = Literal[
    "nearest_budget",
    "max_resolution",
    "max_receptive_field",
    "max_coverage",
    "min_flops",
    "min_params",
]
"""The objectives of approaches whose solutions are enumerated."""
ObjectiveName = Literal[WholeObjective, EnumeratedObjective]


class Sample(Schema):
    """Some of the solutions, drawn uniformly from all of them.

    Solutions of approach V are drawn so that they differ, and not uniformly.
    """

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

    best: ObjectiveName = Field(
        description="What is best; of approach V, `closest`, `max_resolution`, `fewest_changes` or "
        "`min_activations`"
    )
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
        description="Which of the solutions to answer: `all`, a uniform `sample`, or the `best`. "
        "Approach V has no `all`: the `closest` where left out",
    )
    limit: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] = Field(
        default=10_000,
        description="Most variants to keep; of more, that many are drawn uniformly from all",
    )
    time_limit: Annotated[float, Field(ge=0.1, le=3600.0, allow_inf_nan=False, strict=True)] = (
        Field(default=30.0, description="Seconds")
    )


def suited(question: Question, settings: Settings) -> Settings:
    """The settings, with the answer that suits the approach where none was asked for.

    Raises
    ------
    pydantic.ValidationError
        The approach has no such answer.
    """
    if question.is_whole and "find" not in settings.model_fields_set:
        return settings.model_copy(update={"find": Best(best="closest")})
    if reason := unsuited_find(settings.find, is_whole=question.is_whole):
        raise refusal("Settings", [reason])
    return settings


def unsuited_find(find: Find, *, is_whole: bool) -> Fault | None:
    """Why an approach has no such answer, and what to ask instead; ``None`` if it has."""
    if is_whole and find == "all":
        return ("find",), (
            'approach V has more solutions than can be listed; write {"best": "closest"} or '
            '{"sample": 100}'
        )
    if isinstance(find, Best):
        known = get_args(WholeObjective if is_whole else EnumeratedObjective)
        if find.best not in known:
            words = ", ".join(f"'{it}'" for it in known)
            return ("find", "best"), f"the objectives of this approach are {words}"
    return None


class SolveRequest(InParts):
    """A whole search request, as files and the solver's child process read it."""

    model_config = DEFERRED

    parts = ("problem", "settings")

    problem: Problem
    settings: Settings = Settings()

    @model_validator(mode="after")
    def _suits_the_approach(self) -> "SolveRequest":
        object.__setattr__(self, "settings", suited(self.problem, self.settings))
        return self

    @classmethod
    def of(cls, problem: Problem, settings: Settings) -> "SolveRequest":
        """A request made of these parts without validation: whoever reads it validates it."""
        return cls.model_construct(problem=problem, settings=settings)

    def filled(self) -> "SolveRequest":
        """The request with the default ranges filled in."""
        problem = self.problem
        question = problem.filled_for(problem.architecture.resolution)
        return SolveRequest.of(Problem.of(question, problem.architecture), self.settings)
