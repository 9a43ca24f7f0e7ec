import numpy as np
import pytest

from app.errors import RefusedError
from app.services.variant_columns import Search
from app.web.found.shown import Shown
from app.web.found.views import View


def shown(search: Search, **view: object) -> Shown:
    return Shown(search, View(**view), "params")  # type: ignore[arg-type]


def test_filters_let_through_what_lies_in_all_their_ranges(search: Search) -> None:
    found = shown(search, by1="resolution", from1="7", by2="K1'", from2="4", to2="9")

    columns = found.columns(["resolution", "K1'"])

    assert 0 < found.total < 1556
    assert columns["resolution"].min() == 7
    assert set(columns["K1'"]) == {4, 9}


@pytest.mark.parametrize(
    ("text", "number"), [("2,972", 2972), ("3e3", 3000), ("95%", 0.95), (" 7 ", 7), ("-1", -1)]
)
def test_numbers_may_be_written_as_people_do(search: Search, text: str, number: float) -> None:
    written = shown(search, by1="coverage", to1=text)
    plain = shown(search, by1="coverage", to1=str(number))

    assert np.array_equal(written.positions, plain.positions)


@pytest.mark.parametrize("text", ["many", "nan", "inf", "--", "1e999"])
def test_what_is_no_number_is_refused(search: Search, text: str) -> None:
    with pytest.raises(RefusedError, match="is no number"):
        _ = shown(search, by1="flops", from1=text).total


@pytest.mark.parametrize("place", ["x", "y", "colour", "sort", "by1", "by3"])
def test_an_unknown_column_is_refused_where_it_stands(search: Search, place: str) -> None:
    with pytest.raises(RefusedError, match=f"query/{place}: there is no column nothing"):
        shown(search, **{place: "nothing"})


def test_pages_follow_each_other_in_the_order_that_is_asked_for(search: Search) -> None:
    flops = search.columns(["flops"])["flops"]

    pages = [shown(search, sort="-flops", start=start).page(500) for start in range(0, 2000, 500)]

    places = [place for page in pages for place in page]
    assert sorted(places) == list(range(1556))
    assert all(np.diff(flops[places]) <= 0)


def test_the_solvers_order_is_kept_where_none_is_asked_for(search: Search) -> None:
    assert shown(search, start=3).page(2) == [3, 4]
    assert shown(search, by1="resolution", from1="8").page(1) == [
        int(np.flatnonzero(search.columns(["resolution"])["resolution"] == 8)[0])
    ]


def test_a_budget_that_is_equal_for_all_is_no_axis(search: Search) -> None:
    assert shown(search).axes == ("resolution", "flops", "activations")


def test_an_axis_that_is_asked_for_is_taken(search: Search) -> None:
    assert shown(search, y="params").axes == ("resolution", "params", "activations")
    assert shown(search, x="flops", y="K1'", colour="").axes == ("flops", "K1'", "")
