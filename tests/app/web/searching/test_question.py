"""What a form asks, and which form asks what is known."""

from typing import Any

import pytest

from app.schemas.search_terms import SearchTerms
from app.shipped import example
from app.web.forms import Form
from app.web.searching import values
from app.web.searching.documents import terms_in
from app.web.searching.fields import FIELDS, LABELS, OBJECTIVES, RANGES, SUMMARIES
from app.web.searching.question import asked
from solver.approaches import APPROACHES
from solver.problem import Ranges
from solver.variation.width_terms import WidthTerms

RESOLUTION = 5
WHOLE = {"approach": "V", "budget": "both", "find": "all"}


def terms(fields: dict[str, str], resolution: int | None = RESOLUTION) -> SearchTerms:
    form = Form({name: [text] for name, text in fields.items()})
    return SearchTerms.model_validate(asked(form, resolution))


def test_the_form_knows_every_approach_range_and_field_of_the_widths() -> None:
    assert [*SUMMARIES] == [*APPROACHES]
    assert {it.name for it in RANGES} == {*Ranges.model_fields}
    named = {name.removeprefix("widths.") for name in LABELS if name.startswith("widths.")}
    assert named == {*WidthTerms.model_fields}
    questions = {name for name in SearchTerms.known_keys() if name not in ("ranges", "widths")}
    assert questions <= {name.split(".")[0] for name in LABELS}


def test_a_new_form_asks_for_all_with_the_defaults() -> None:
    assert terms({**values.new(None)}) == SearchTerms.model_validate(
        {"approach": "IV", "budget": "params"}
    )


def test_an_unticked_box_is_false() -> None:
    question = terms({"approach": "IV", "budget": "params", "find": "all"}).question

    assert not question.count_pooling
    assert not question.kernel_grows


@pytest.mark.parametrize(
    ("approach", "field", "low", "high", "expected"),
    [
        ("IV", "resolution", "", "8", (6, 8)),
        ("IV", "resolution", "7", "", (7, 10)),
        ("V", "resolution", "", "8", (5, 8)),
        ("IV", "kernel_size", "", "9", (3, 9)),
        ("IV", "out_channels", "4", "", (4, 1_000_000)),
        ("IV", "dilation", "1", "2", None),
    ],
)
def test_an_end_of_a_range_that_is_left_out_has_its_default(
    approach: str, field: str, low: str, high: str, expected: tuple[int, int] | None
) -> None:
    fields = {f"ranges.{field}.low": low, f"ranges.{field}.high": high}
    asks = terms({"approach": approach, "budget": "params", "find": "all", **fields})

    assert getattr(asks.question.ranges, field) == expected


def test_fields_that_the_approach_does_not_know_are_left_out() -> None:
    fields = {"scope": "paper", "min_coverage": "0.5", "max_params": "3", "widths.step": "8"}

    whole = terms({**WHOLE, **fields}).question
    parts = terms({"approach": "II", "budget": "params", "find": "all", **fields}).question

    assert (whole.scope, whole.min_coverage, whole.max_params) == ("network", 0, 3)
    assert whole.widths == WidthTerms(step=8)
    assert (parts.scope, parts.min_coverage, parts.max_params) == ("paper", 0.5, None)
    assert parts.widths is None


def test_widths_are_read() -> None:
    fields = {
        "widths.ratio.low": "0.25",
        "widths.freeze": "conv1, layer1.*",
        "widths.groups": "conv2=8:64\nconv3=16",
        "widths.grouped": "number",
    }

    assert terms({**WHOLE, **fields}).question.widths == WidthTerms.model_validate(
        {
            "ratio": [0.25, 2.0],
            "freeze": ["conv1", "layer1.*"],
            "groups": {"conv2": [8, 64], "conv3": [16, 16]},
            "grouped": "number",
        }
    )


@pytest.mark.parametrize(
    ("fields", "find"),
    [
        ({"find": "sample"}, {"sample": 100, "seed": 0}),
        ({"find": "sample", "find.sample": "7", "find.seed": "3"}, {"sample": 7, "seed": 3}),
        (
            {"find": "best", "find.best.parts": "min_flops", "find.top": "3"},
            {"best": "min_flops", "top": 3, "diverse": False},
        ),
        (
            {"approach": "V", "find": "best", "find.best.whole": "closest", "find.diverse": "on"},
            {"best": "closest", "top": 10, "diverse": True},
        ),
        ({"approach": "V", "find": "all"}, {"best": "closest", "top": 10, "diverse": False}),
    ],
)
def test_what_to_find_is_read(fields: dict[str, str], find: dict[str, Any]) -> None:
    asks = terms({"approach": "IV", "budget": "params", **fields})

    assert asks.model_dump(mode="json")["find"] == find


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"tolerance": {"below": 0.02, "above": 0.0}, "count_pooling": False},
        {"ranges": {"kernel_size": [3, 9], "out_channels": [1, 99]}, "kernel_grows": False},
        {"find": {"sample": 5, "seed": 1}, "limit": 50, "time_limit": 7.5},
        {"find": {"best": "min_params", "top": 2, "diverse": True}, "min_coverage": 0.25},
        {"scope": "paper", "budget": "flops"},
    ],
)
def test_a_form_that_is_filled_in_asks_the_same(changes: dict[str, Any]) -> None:
    asks = SearchTerms.model_validate({"approach": "IV", "budget": "params", **changes})

    filled = values.of_terms(asks, RESOLUTION)

    again = terms({**filled})
    assert again.question.filled_for(RESOLUTION) == asks.question.filled_for(RESOLUTION)
    assert again.settings == asks.settings
    assert {*filled} <= {*FIELDS}


def test_a_form_that_is_filled_in_for_whole_networks_asks_the_same() -> None:
    asks = SearchTerms.model_validate(
        terms_in(example("digits-search-whole"))
        | {
            "widths": {"freeze": ["a", "b*"], "groups": {"c": [1, 2]}, "squeeze": "ratio"},
            "max_params": 3_000,
            "dtype": "int8",
            "count": "macs",
        }
    )

    again = terms({**values.of_terms(asks, RESOLUTION)})

    assert again == asks


def test_what_is_left_to_the_defaults_stays_empty() -> None:
    asks = SearchTerms.model_validate({"approach": "II", "budget": "both"})

    assert values.of_terms(asks, RESOLUTION) == {
        "approach": "II",
        "budget": "both",
        "find": "all",
        "count_pooling": "on",
        "kernel_grows": "on",
    }


def test_the_objectives_of_both_kinds_of_approaches_are_offered() -> None:
    assert "closest" in OBJECTIVES["whole"]
    assert "nearest_budget" in OBJECTIVES["parts"]
