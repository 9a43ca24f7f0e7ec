"""Originals are drawn uniformly and with a seed: the same ones in all cells, where possible."""

from collections import Counter
from collections.abc import Mapping

from app.services.planner.cells import Cell, cells_of, grid_of
from app.services.planner.counting import Counted
from app.services.planner.drawing import draw, draw_networks
from tests.studies import terms

MEMBERS = range(20)
THREE, FOUR = Cell(6, "III", "params"), Cell(6, "IV", "params")


def counted(variants: Mapping[Cell, Mapping[int, int | None]]) -> Counted:
    resolutions = {cell.resolution for cell in variants}
    grids = {it: grid_of(terms(resolutions=[it]), it) for it in resolutions}
    return Counted(grids, dict.fromkeys(resolutions, MEMBERS), variants)


def numbers(*members: int, number: int | None = 2) -> dict[int, int | None]:
    """So many variants of some members; all others have one too few."""
    return {member: number if member in members else 1 for member in MEMBERS}


def test_every_original_that_has_variants_enough_is_drawn_equally_often() -> None:
    able = range(0, 20, 2)
    found = counted({FOUR: numbers(*able)})
    times: Counter[int] = Counter()
    for seed in range(2_000):
        times.update(draw(terms(originals=3, seed=seed), found).originals[FOUR])

    assert times.keys() == {*able}
    assert all(500 < number < 700 for number in times.values()), "600 each, σ = 20"


def test_the_seed_decides_what_is_drawn() -> None:
    found = counted({FOUR: numbers(*MEMBERS)})
    drawn = [draw(terms(originals=5, seed=seed), found).originals[FOUR] for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_cells_share_their_originals_where_enough_have_variants_in_all_of_them() -> None:
    asked = terms(approaches=["III", "IV"], originals=2)
    found = counted({THREE: numbers(1, 2, 3, 17), FOUR: numbers(1, 2, 3, 5, 6, 7, 8)})

    originals, notes = draw(asked, found)

    assert originals[THREE] == originals[FOUR]
    assert {*originals[THREE]} < {1, 2, 3}
    assert notes == []


def test_cells_draw_their_own_originals_where_too_few_are_common() -> None:
    asked = terms(approaches=["III", "IV"], originals=4)
    found = counted({THREE: numbers(1, 2, 3), FOUR: numbers(2, 3, 5, 6, 7)})

    originals, notes = draw(asked, found)

    assert {*originals[THREE]} == {1, 2, 3}
    assert len({*originals[FOUR]}) == 4
    assert {*originals[FOUR]} < {2, 3, 5, 6, 7}
    assert len(notes) == 2
    assert "2 networks of the grid have 2 variants in every cell" in notes[0]
    assert notes[1].startswith("6 px, approach III, equal params: 4 originals were asked for; 3")


def test_an_original_whose_variants_could_not_be_counted_is_not_drawn() -> None:
    found = counted({FOUR: numbers(1, 2) | {3: None}})
    assert {*draw(terms(originals=9), found).originals[FOUR]} == {1, 2}


def test_all_originals_are_all_that_have_variants_enough() -> None:
    asked = terms(approaches=["III", "IV"], originals="all")
    found = counted({THREE: numbers(1, 2), FOUR: numbers(2, 3)})

    originals, notes = draw(asked, found)

    assert {cell: {*drawn} for cell, drawn in originals.items()} == {THREE: {1, 2}, FOUR: {2, 3}}
    assert notes == []


def test_what_is_drawn_at_a_resolution_does_not_depend_on_the_others() -> None:
    low, high = Cell(6, "IV", "params"), Cell(7, "IV", "params")
    every = numbers(*MEMBERS)
    both = draw(terms(resolutions=[6, 7]), counted({low: every, high: every})).originals
    alone = draw(terms(resolutions=[7]), counted({high: every})).originals

    assert both[high] == alone[high]


def test_a_study_without_approaches_draws_from_all_valid_networks() -> None:
    asked = terms(approaches=[], resolutions=[6, 8], originals=3)
    assert not list(cells_of(asked))

    drawn = draw_networks(asked, Counted({}, {6: [1, 2, 3, 4, 5], 8: [7, 9]}, {}))

    assert len({*drawn[6]} & {1, 2, 3, 4, 5}) == 3
    assert drawn[8] == [7, 9]
