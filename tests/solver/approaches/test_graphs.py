"""Every approach on networks that are graphs, against trying everything."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import exhaustive
from tests.exhaustive import Asked
from tests.graphs import graphs_for
from tests.solver.explain.factories import assert_nearest
from tests.solver.factories import (
    asked_of,
    assert_equivalent,
    by_full_model,
    by_tables,
    kinds_before,
    variants_hold,
)
from tests.strategies import ranges_of_one_convolution, small_ranges

pytestmark = pytest.mark.slow  # tries everything

NAMES = ("I", "II", "III", "IV")


@pytest.mark.slow
@pytest.mark.parametrize("scope", ["network", "paper"])
@pytest.mark.parametrize("budget", ["params", "flops", "both"])
@pytest.mark.parametrize("approach", NAMES)
@settings(deadline=None, max_examples=10)
@given(data=st.data())
def test_the_enumerated_set_is_the_exhaustive_one_for_generated_graphs(
    data: st.DataObject, approach: str, budget: str, scope: str
) -> None:
    asked = replace(data.draw(questions(approach)), budget=budget, scope=scope)
    answer = assert_equivalent(asked)
    if answer.rows:
        variants_hold(asked_of(asked), answer)


@pytest.mark.slow
@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("approach", NAMES)
@settings(deadline=None, max_examples=20)
@given(data=st.data())
def test_both_engines_give_the_same_set_for_generated_graphs(
    data: st.DataObject, approach: str
) -> None:
    asked = asked_of(data.draw(questions(approach)))
    assert by_tables(asked) == by_full_model(asked)


@pytest.mark.slow
@pytest.mark.parametrize("approach", ["I", "III", "IV"])
@settings(deadline=None, max_examples=10)
@given(data=st.data())
def test_the_nearest_graph_is_the_nearest_there_is(data: st.DataObject, approach: str) -> None:
    asked = data.draw(questions(approach))
    if exhaustive.sides_of_the_budget(asked):
        assert_nearest(replace(asked, below="0", above="0"))


@st.composite
def questions(draw: st.DrawFn, approach: str) -> Asked:
    original = draw(graphs_for(approach))
    fractions = st.sampled_from(["0", "0.1", "0.35", "0.8"])
    before = list(kinds_before("conv2d", iter(layer.type for layer in original.layers)))
    is_followed = not any(kind.endswith(("pool2d", "pad2d")) for kind in before)
    ranges = small_ranges if approach == "IV" else ranges_of_one_convolution
    return Asked(
        original,
        budget=draw(st.sampled_from(["params", "flops", "both"])),
        scope=draw(st.sampled_from(["network", "paper"])),
        below=draw(fractions),
        above=draw(fractions),
        ranges=draw(ranges(original)),
        count_pooling=draw(st.booleans()),
        min_coverage=draw(st.sampled_from(["0", "0", "0.6", "1"])) if is_followed else "0",
        approach=approach,
        kernel_grows=draw(st.booleans()),
    )
