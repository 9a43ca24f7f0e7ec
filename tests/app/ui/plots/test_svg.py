import math
from collections.abc import Iterator
from xml.etree import ElementTree

from app.ui.plots.chart import MARKS, Axis, Chart, Series, distinct
from app.ui.plots.legend import MOST_NAMED
from app.ui.plots.svg import svg
from tests.app.ui.plots.charts import chart, points

HOSTILE = "<script>alert(1)</script> & \"'"


def drawn(of: Chart) -> ElementTree.Element:
    return ElementTree.fromstring(svg(of))


def texts(tree: ElementTree.Element) -> Iterator[str]:
    return (element.text or "" for element in tree.iter("text"))


def test_a_drawing_has_a_name_and_a_description_for_those_who_do_not_see_it() -> None:
    tree = drawn(chart(points()))

    assert tree.get("aria-label") == "A plot"
    assert tree.get("role") == "img"
    assert "3 points" in (tree.findtext("desc") or "")


def test_axes_are_named() -> None:
    assert {"parameters", "FLOPs"} <= set(texts(drawn(chart(points()))))


def test_texts_of_users_are_escaped() -> None:
    one = points(name=HOSTILE, names=[HOSTILE] * 3, links=["/a?b=1&c=2"] * 3)

    tree = drawn(chart(one, one, title=HOSTILE, x=Axis(HOSTILE), horizontal=[(5, HOSTILE)]))

    assert not list(tree.iter("script"))
    assert tree.get("aria-label") == HOSTILE
    assert list(texts(tree)).count(HOSTILE) == 4
    assert tree.findtext("a/path/title") == HOSTILE


def test_each_point_with_a_link_is_a_link_with_a_name() -> None:
    tree = drawn(chart(points(names=["V1", "V2", "V3"], links=["/v/1", "/v/2", "/v/3"])))

    links = list(tree.iter("a"))

    assert [(link.get("href"), link.get("aria-label")) for link in links] == [
        ("/v/1", "V1"),
        ("/v/2", "V2"),
        ("/v/3", "V3"),
    ]
    assert tree.get("role") == "group", "links within an image are not told of"


def test_points_without_a_place_are_left_out() -> None:
    named = points(y=[1.0, math.nan, 2.0], names=["a", "b", "c"])
    line = points(y=[1.0, math.nan, 2.0], is_line=True, low=[0.0, math.nan, 1.0], high=[2.0] * 3)
    bars = points(y=[1.0, math.nan, 2.0], low=[0.0, math.nan, 1.0], high=[2.0, math.nan, 3.0])

    text = svg(chart(named, line, bars, points(x=[-1, 0, 1]), x=Axis("x", "log")))

    assert "nan" not in text.lower()


def test_a_line_is_interrupted_where_it_has_no_value() -> None:
    tree = drawn(chart(points(y=[1.0, math.nan, 2.0], is_line=True)))

    (path,) = (it for it in tree.iter("path") if it.findtext("title") == "variants")

    assert (path.get("d") or "").count("M") == 2


def test_many_points_are_drawn_as_few_elements() -> None:
    many = Series("variants", range(5_000), range(5_000), counts=[1, 10, 100, 1_000] * 1_250)

    text = svg(chart(many))

    assert text.count("<path") < 40
    assert "1,388,750 points" in text


def test_series_have_a_legend_and_too_many_are_counted() -> None:
    several = [points(name=f"network {place}") for place in range(MOST_NAMED + 3)]

    found = list(texts(drawn(chart(*several))))

    assert f"network {MOST_NAMED - 1}" in found
    assert f"network {MOST_NAMED}" not in found
    assert "and 3 more" in found
    assert "variants" not in list(texts(drawn(chart(points()))))


def test_a_series_of_small_points_has_a_small_mark_in_the_legend() -> None:
    several = points(), points(counts=[1, 1, 1]), points(counts=[1, 1, 10_000])

    paths = drawn(chart(*several)).iter("path")

    keys = [it.attrib["d"] for it in paths if it.get("stroke") == it.get("fill")]
    sizes = [float(key.split("a")[1].split()[0]) for key in keys]
    assert sizes[1] < sizes[0] == sizes[2]


def test_every_mark_can_be_drawn() -> None:
    for mark in MARKS:
        assert drawn(chart(points(mark=mark), points(mark=mark, names=["a", "b", "c"])))


def test_series_are_told_apart_by_colour_and_mark() -> None:
    assert len({distinct(place) for place in range(35)}) == 35


def test_an_empty_chart_is_drawn() -> None:
    assert "0 points" in svg(chart())
    assert "0 points" in svg(chart(points(x=[], y=[])))
