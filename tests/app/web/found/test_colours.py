import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ui.plots.chart import COLOURS
from app.web.found.colours import classes


def test_few_values_have_a_class_each() -> None:
    found = classes("resolution", np.array([8, 6, 7, 6]))

    assert found.names == ["resolution (px) 6", "resolution (px) 7", "resolution (px) 8"]
    assert found.of(np.array([6, 7, 8, 7.4])).tolist() == [0, 1, 2, 1]


def test_many_values_have_classes_with_round_ends() -> None:
    found = classes("receptive_field", np.arange(95))

    assert found.names[0] == "receptive field (px) below 20"
    assert found.names[1] == "receptive field (px) 20 to 40"
    assert found.names[-1] == "receptive field (px) 80 and more"
    assert found.of(np.array([0, 19.9, 20, 94])).tolist() == [0, 0, 1, 4]


def test_classes_of_whole_numbers_have_whole_ends() -> None:
    found = classes("K1'", np.array([6, 7, 8, 9, 10, 11, 12, 13, 14]))

    assert found.names[:2] == ["K1' below 8", "K1' 8 to 10"]


def test_what_is_not_known_has_no_class() -> None:
    found = classes("accuracy", np.array([0.5, np.nan, 0.75]))

    assert found.names == ["test accuracy 50%", "test accuracy 75%"]
    assert found.of(np.array([np.nan])).tolist() == [-1]


@pytest.mark.parametrize("values", [[], [np.nan]])
def test_nothing_known_is_no_class(values: list[float]) -> None:
    assert classes("accuracy", np.array(values)).names == []


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1))
def test_every_value_has_a_class_with_a_colour(values: list[int]) -> None:
    found = classes("flops", np.array(values))

    places = found.of(np.array(values))

    assert 1 <= len(found.names) <= COLOURS
    assert 0 <= places.min() <= places.max() < len(found.names)
    assert all(1 <= found.step(place) <= COLOURS for place in places)
