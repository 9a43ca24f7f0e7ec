from app.web.found.views import View


def test_a_view_stands_in_the_url() -> None:
    view = View(x="flops", by1="K1'", from1="4", sort="-params", start=50)

    assert view.query() == "x=flops&by1=K1%27&from1=4&sort=-params&start=50"


def test_columns_stand_in_the_url_one_by_one() -> None:
    view = View(chosen=0, columns=["K1'", "C1'"])

    assert view.query() == "chosen=0&columns=K1%27&columns=C1%27"
    assert view.query(columns=None) == "chosen=0"


def test_changes_keep_the_rest_of_a_view() -> None:
    view = View(x="flops", chosen=3, start=50)

    assert view.query(start=0, chosen=0) == "x=flops&chosen=0"


def test_a_filter_without_a_column_is_none() -> None:
    view = View(by1="", from1="4", by3="flops", to3="9")

    assert [(place, it.column) for place, it in view.filters.items()] == [(3, "flops")]
