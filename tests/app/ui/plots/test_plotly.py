import json
import math

from app.ui.plots.chart import Axis
from app.ui.plots.plotly import figure
from tests.app.ui.plots.charts import chart, points


def test_points_are_a_trace_in_the_colour_of_their_series() -> None:
    (trace,) = figure(chart(points(colour=3)))["data"]

    assert (trace["x"], trace["y"], trace["mode"]) == ([1, 2, 3], [4.0, 5.0, 6.0], "markers")
    assert trace["marker"]["color"] == "var(--c3)"


def test_axes_of_whole_numbers_are_named() -> None:
    made = figure(chart(points(), x=Axis("epoch", is_whole=True)))

    assert made["layout"]["meta"] == {"whole": ["xaxis"]}


def test_a_ramp_has_colours_of_its_own() -> None:
    (trace,) = figure(chart(points(colour=7, is_ramp=True)))["data"]

    assert trace["marker"]["color"] == "var(--r7)"


def test_names_are_text_for_plotly_too() -> None:
    made = figure(chart(points(name="<b>n</b>", names=["<a href=x>", "b", "c"]), x=Axis("<i>")))

    (trace,) = made["data"]
    assert trace["name"] == "&lt;b&gt;n&lt;/b&gt;"
    assert trace["text"][0] == "&lt;a href=x&gt;"
    assert made["layout"]["xaxis"]["title"]["text"] == "&lt;i&gt;"


def test_a_click_on_a_point_leads_to_its_link() -> None:
    (trace,) = figure(chart(points(links=["/a", "/b", "/c"], counts=[1, 2, 3])))["data"]

    assert trace["customdata"] == ["/a", "/b", "/c"]


def test_a_point_that_stands_for_more_is_larger_and_says_so() -> None:
    (trace,) = figure(chart(points(counts=[1, 10, 1000])))["data"]

    small, middle, large = trace["marker"]["size"]
    assert small < middle < large
    assert "stands for %{customdata:,}" in trace["hovertemplate"]


def test_intervals_are_distances_from_their_points() -> None:
    (trace,) = figure(chart(points(low=[3, 4, 5], high=[6, 6, 6])))["data"]

    assert trace["error_y"]["arrayminus"] == [1, 1, 1]
    assert trace["error_y"]["array"] == [2, 1, 0]


def test_the_intervals_of_a_line_are_a_band_below_it() -> None:
    low, high, line = figure(chart(points(is_line=True, low=[3, 4, 5], high=[6, 6, 6])))["data"]

    assert (low["y"], high["y"], high["fill"]) == ([3, 4, 5], [6, 6, 6], "tonexty")
    assert line["mode"] == "lines"
    assert not low["showlegend"]


def test_a_logarithmic_axis_has_its_range_in_powers_of_ten() -> None:
    axis = Axis("parameters", "log", low=100, high=10_000)

    made = figure(chart(points(), x=axis, y=Axis("y", "log"), horizontal=[(100, "original")]))

    assert made["layout"]["xaxis"]["range"] == [2, 4]
    assert made["layout"]["annotations"][0]["y"] == 2
    assert made["layout"]["shapes"][0]["y0"] == 100


def test_a_figure_is_json_where_values_are_missing() -> None:
    (trace,) = figure(chart(points(y=[1.0, math.nan, math.inf])))["data"]

    assert trace["y"] == [1, None, None]
    json.dumps(trace, allow_nan=False)


def test_only_several_series_have_a_legend() -> None:
    assert not figure(chart(points()))["layout"]["showlegend"]
    assert figure(chart(points(), points()))["layout"]["showlegend"]
