from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.engines.factored.arrays import Index, Numbering, Packing, combinations, ragged, sort
from solver.engines.factored.solutions import ranks
from solver.variation.unknown import Range

lists = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 4)), max_size=20)
keys = st.lists(st.integers(0, 30), max_size=40).map(sorted)


def column(values: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, np.int64)


@given(lists)
def test_ragged_lists_stand_one_behind_the_other(drawn: list[tuple[int, int]]) -> None:
    starts, counts = column([s for s, _ in drawn]), column([n for _, n in drawn])
    owner, element = ragged(starts, counts)
    expected = [(i, s + k) for i, (s, n) in enumerate(drawn) for k in range(n)]
    assert list(zip(owner.tolist(), element.tolist(), strict=True)) == expected


@given(keys, st.lists(st.integers(0, 40)))
def test_an_index_tells_where_a_key_stands_and_how_often(kept: list[int], asked: list[int]) -> None:
    first, counts = Index(column(kept)).find(column(asked))
    assert counts.tolist() == [kept.count(key) for key in asked]
    found = [kept.index(key) for key in asked if key in kept]
    assert [f for f, n in zip(first.tolist(), counts.tolist(), strict=True) if n] == found


@pytest.mark.parametrize("scale", [1, Numbering.DENSE])
@given(kept=keys, asked=st.lists(st.integers(0, 40)))
def test_distinct_keys_are_numbered_by_table_and_by_search(
    scale: int, kept: list[int], asked: list[int]
) -> None:
    numbering = Numbering(column(kept) * scale)
    distinct = sorted(set(kept))
    expected = [distinct.index(key) if key in distinct else -1 for key in asked]
    assert numbering.of(column(asked) * scale).tolist() == expected
    assert len(numbering) == len(distinct)
    assert numbering.counts.tolist() == [kept.count(key) for key in distinct]
    assert numbering.starts.tolist() == [kept.index(key) for key in distinct]


@given(st.lists(st.lists(st.integers(0, 9), max_size=4), min_size=1, max_size=4))
def test_combinations_are_all_and_the_last_varies_fastest(spans: list[list[int]]) -> None:
    found = combinations([column(span) for span in spans])
    rows = [tuple(row) for row in np.stack(found, axis=1).tolist()]
    assert rows == list(product(*spans))


@pytest.mark.parametrize("size", [0, 1, 1_999, 2_000, 50_000])
@pytest.mark.parametrize("bits", [1, 16, 17, 33, 62])
def test_numbers_are_sorted_by_their_digits(size: int, bits: int) -> None:
    numbers = np.random.default_rng(size + bits).integers(0, 2**bits, size)
    assert np.array_equal(sort(numbers, bits), np.sort(numbers))


bounds = st.tuples(st.integers(0, 500), st.integers(0, 500)).map(
    lambda pair: Range(min(pair), max(pair))
)


@given(st.data(), st.lists(bounds, min_size=1, max_size=6))
def test_packed_rows_sort_like_rows_and_can_be_unpacked(
    data: st.DataObject, drawn: list[Range]
) -> None:
    packing = Packing({f"x{i}": it for i, it in enumerate(drawn)})
    row = st.tuples(*(st.integers(*it) for it in drawn))
    rows = data.draw(st.lists(row, max_size=30))
    columns = {f"x{i}": column([row[i] for row in rows]) for i in range(len(drawn))}
    packed = packing.pack(columns, len(rows))
    assert packing.bits <= Packing.WIDEST
    unpacked = packing.unpack(np.sort(packed))
    assert list(unpacked) == list(columns)
    found = list(zip(*(it.tolist() for it in unpacked.values()), strict=True))
    assert found == sorted(rows)


def test_a_field_of_one_value_takes_no_bits() -> None:
    packing = Packing({"a": Range(7, 7), "b": Range(3, 4)})
    assert packing.bits == 1
    assert packing.step("b", 1) == 1
    assert packing.step(None, 5) == 0


@given(st.integers(1, 400), st.integers(1, 400), st.integers(0, 2**31 - 1))
def test_ranks_are_distinct_and_within_the_total(total: int, number: int, seed: int) -> None:
    drawn = ranks(total, number, seed).tolist()
    assert len(drawn) == len(set(drawn)) == min(total, number)
    assert set(drawn) <= set(range(total))
    assert drawn == ranks(total, number, seed).tolist()


def test_ranks_of_a_number_beyond_memory_can_be_drawn() -> None:
    drawn = ranks(2**53, 1_000, seed=1)
    assert len(set(drawn.tolist())) == 1_000
    assert drawn.max() > 2**52
