"""Expressions stand as ruff puts them, whatever their length."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.source.printing import Call, Chain, Expression, Items, lines
from tests.sources import ruff

NAMES = st.sampled_from([letter * length for letter in "abc" for length in (1, 4, 9, 14, 25)])


def calls(arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Call]:
    keywords = st.sampled_from(["k", "kernel_size", "elementwise_affine"])
    positional = st.lists(st.tuples(st.just(""), arguments), max_size=6)
    named = st.lists(st.tuples(keywords, arguments), max_size=3, unique_by=lambda it: it[0])
    together = st.builds(lambda first, last: [*first, *last], positional, named)
    return st.builds(Call, NAMES, together)


def sequences(arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Call]:
    inside = st.lists(st.tuples(st.just(""), arguments), min_size=1, max_size=4)
    return st.builds(Call, NAMES, inside, st.just(True))


LISTS = st.builds(Items, st.lists(NAMES, min_size=1, max_size=12))
SUMS = st.builds(Chain, st.sampled_from("+*"), st.lists(NAMES, min_size=2, max_size=9))
NESTED = st.recursive(calls(NAMES), lambda inner: calls(inner) | sequences(inner), max_leaves=8)
EXPRESSIONS = st.one_of(SUMS, NESTED, calls(LISTS | NAMES), calls(NAMES))


def test_any_expression_stands_as_ruff_puts_it(tmp_path: Path) -> None:
    written: list[str] = []

    @settings(max_examples=300, deadline=None)
    @given(before=st.sampled_from(["x = ", "return ", "self.conv = "]), expression=EXPRESSIONS)
    def write(before: str, expression: Expression) -> None:
        written.extend(["def f(self):", *lines(4, before, expression), "", ""])

    write()
    path = tmp_path / "written.py"
    path.write_text("\n".join(written).rstrip() + "\n")
    assert ruff("format", "--diff", str(path)) == ""


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (Call("f", [("", "a"), ("key", "b")]), ["x = f(a, key=b)"]),
        (Call("f", [("", "a")], is_long=True), ["x = f(", "    a,", ")"]),
        (Chain("+", ["a" * 50, "b" * 50]), ["x = (", f"    {'a' * 50}", f"    + {'b' * 50}", ")"]),
    ],
)
def test_an_expression_is_broken_only_where_it_must_be(
    expression: Expression, expected: list[str]
) -> None:
    assert lines(0, "x = ", expression) == expected
