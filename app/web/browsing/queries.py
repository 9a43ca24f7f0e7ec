"""What the addresses of lists may ask for."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias, get_args
from urllib.parse import urlencode

from pydantic import Field, model_validator

from app.api.dependencies import ID_PATTERN, Cursor
from app.api.variants import Browse, Wanted
from app.schemas.requests import DatasetName
from app.services.variant_table import BY_ACCURACY
from app.states import STATES, State
from solver.approaches import APPROACHES
from solver.network.schema import Schema
from solver.problem import ApproachName, Budget, Scope

PAGE: Final = 25
"""The number of rows on a page of a list."""
Id = Annotated[str, Field(max_length=64, pattern=ID_PATTERN)]
Column: TypeAlias = Literal[
    "resolution", "params", "flops", "coverage", "receptive_field", "accuracy"
]
Asker: TypeAlias = Literal["studies", "anybody"]
"""Who asked for searches; without, people did."""
COLUMNS: Final[tuple[Column, ...]] = get_args(Column)
"""What the axes of a plot of variants can show."""


CHOICES: Final[Mapping[str, Sequence[str]]] = {
    "state": STATES,
    "approach": tuple(APPROACHES),
    "budget": get_args(Budget),
    "scope": get_args(Scope),
    "column": COLUMNS,
    "asked_by": get_args(Asker),
}
"""What the selects of forms offer."""


class ListQuery(Schema):
    """Which part of a list to show. Fields that a form sends empty count as left out."""

    choices: ClassVar = CHOICES

    cursor: Cursor = None

    @model_validator(mode="before")
    @classmethod
    def _leave_out_blanks(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {name: value for name, value in data.items() if value != ""}

    @property
    def wanted(self) -> dict[str, Any]:
        """The filters that are given."""
        return {name: value for name, value in self.given.items() if name != "cursor"}

    @property
    def given(self) -> dict[str, Any]:
        """All fields that are not as by default."""
        return self.model_dump(exclude_defaults=True)

    def address(self, path: str, **changes: Any) -> str:
        """The address of the same list with some fields changed; ``None`` leaves one out.

        It begins with the first page unless ``cursor`` is given.
        """
        fields = {**self.wanted, **changes}
        asked = urlencode({name: value for name, value in fields.items() if value is not None})
        return f"{path}?{asked}" if asked else path


class SearchesQuery(ListQuery):
    """Which searches to list: of one network, or one study, or those that people asked for."""

    asked_by: Asker | None = None
    state: State | None = None
    approach: ApproachName | None = None
    budget: Budget | None = None
    architecture_id: Id | None = None
    study_id: Id | None = None

    @property
    def hides_studies(self) -> bool:
        """Whether searches are left out that only studies have asked for."""
        return self.asked_by is None and self.architecture_id is None and self.study_id is None

    @property
    def filter(self) -> dict[str, Any]:
        """The values that columns must have, and the study."""
        wanted = {name: value for name, value in self.wanted.items() if name != "asked_by"}
        if self.hides_studies or self.asked_by == "studies":
            wanted["by_study"] = self.asked_by == "studies"
        return wanted


class JobsQuery(ListQuery):
    """Which jobs to list."""

    state: State | None = None
    dataset: DatasetName | None = None
    search_id: Id | None = None


class StudiesQuery(ListQuery):
    """Which studies to list."""

    state: State | None = None
    dataset: DatasetName | None = None


class NetworksQuery(ListQuery):
    """Which networks to list: by a part of their names, and only originals of searches, or all."""

    name: Annotated[str, Field(max_length=200)] | None = None
    kind: Literal["originals"] | None = None

    @property
    def asked(self) -> dict[str, Any]:
        """The filters, as :func:`app.services.named_networks.newest` takes them."""
        return {"name": self.name, "is_searched": self.kind == "originals"}


class VariantsQuery(Browse, ListQuery):
    """Which variants to list, and what to plot of them; filters are those of the API."""

    x: Column | None = None
    y: Column | None = None

    @property
    def has_bounds(self) -> bool:
        """Whether a column is bounded."""
        return any(name.startswith(("min_", "max_")) for name in self.given)

    @property
    def is_of_trained(self) -> bool:
        """Whether only variants that were trained are asked for."""
        filters = {"min_accuracy", "max_accuracy", "dataset"}
        return self.sort in BY_ACCURACY or not filters.isdisjoint(self.given)

    @property
    def csv(self) -> str:
        """The address of the table of all variants that pass the filter."""
        changes: dict[str, Any] = dict.fromkeys(
            type(self).model_fields.keys() - Wanted.model_fields.keys()
        )
        if self.is_of_trained:
            changes["min_accuracy"] = self.min_accuracy or 0
        return self.address("/v1/variants.csv", **changes)
