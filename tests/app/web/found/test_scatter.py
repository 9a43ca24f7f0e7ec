import json
from itertools import chain

from app.services.variant_columns import Search
from app.ui.plots.chart import Chart, Series
from app.ui.plots.plotly import figure
from app.ui.plots.svg import svg
from app.web.found.scatter import Scatter
from app.web.found.shown import Shown
from app.web.found.views import WHOLE, View, Zoom


def scatter(search: Search, zoom: Zoom = WHOLE, **view: object) -> Chart:
    shown = Shown(search, View(**view), "params")  # type: ignore[arg-type]
    return Scatter(shown, "/searches/1", zoom).chart


def named(chart: Chart, name: str) -> Series:
    return next(series for series in chart.series if series.name == name)


def test_every_variant_is_drawn_as_part_of_a_mark(search: Search) -> None:
    chart = scatter(search)

    variants = [series for series in chart.series if series.name != "original"]
    assert sum(chain.from_iterable(series.counts for series in variants)) == 1556
    assert chart.title == "1,556 variants: FLOPs against resolution (px)"


def test_the_original_stands_among_its_variants(search: Search) -> None:
    original = named(scatter(search), "original")

    assert (original.x, original.y, original.mark) == ([5], [4124], "diamond")


def test_the_original_has_no_place_on_an_axis_of_unknowns(search: Search) -> None:
    assert "original" not in [series.name for series in scatter(search, x="K1'").series]


def test_a_few_variants_can_be_chosen_by_a_click(search: Search) -> None:
    chart = scatter(search, by1="K1'", from1="4", to1="4", by2="flops", from2="10000")

    links = [*chain.from_iterable(series.links for series in chart.series)]

    assert 0 < len(links) <= 200
    assert all(link.startswith("/searches/1?by1=K1%27&from1=4") for link in links)
    assert all(link.endswith("#compared") for link in links)


def test_the_chosen_variant_is_marked(search: Search) -> None:
    chosen = named(scatter(search, chosen=700), "chosen: #700")

    columns = search.columns(["resolution", "flops"])
    assert [*chosen.x, *chosen.y] == [columns["resolution"][700], columns["flops"][700]]


def test_a_zoom_shows_what_lies_within_it(search: Search) -> None:
    chart = scatter(search, Zoom(x0=6.5, x1=7.5, y0=3_000, y1=5_000))

    variants = [series for series in chart.series if series.name != "original"]
    assert {*chain.from_iterable(series.x for series in variants)} == {7}
    assert (chart.x.low, chart.x.high, chart.y.low, chart.y.high) == (6.5, 7.5, 3_000, 5_000)


def test_colours_keep_their_meaning_in_a_zoom(search: Search) -> None:
    whole, zoomed = scatter(search), scatter(search, Zoom(x0=6.5, x1=7.5))

    meaning = {series.name: series.colour for series in whole.series}
    assert all(meaning[series.name] == series.colour for series in zoomed.series)


def test_a_zoom_to_nothing_is_an_empty_plot(search: Search) -> None:
    chart = scatter(search, Zoom(x0=100, x1=200))

    assert chart.title.startswith("0 variants")
    assert "<svg" in svg(chart)


def test_untrained_variants_have_no_place_on_an_axis_of_accuracies(search: Search) -> None:
    assert scatter(search, y="accuracy").title.startswith("0 variants")


def test_colours_of_accuracies_name_what_was_not_trained(search: Search) -> None:
    chart = scatter(search, colour="accuracy")

    assert sum(named(chart, "not trained").counts) == 1556


def test_the_drawing_and_the_data_take_less_than_a_browser_is_to_get(search: Search) -> None:
    for colour in search.table.names:
        chart = scatter(search, x="flops", y="receptive_field", colour=colour)

        assert len(svg(chart)) + len(json.dumps(figure(chart))) < 150_000
