from collections import Counter

from app.cli.finding.candidates import Pool, draw
from app.client import Variant
from tests.app.client.factories import Script, answer
from tests.app.views import search_view, variant_view


def pool(
    kept: int,
    *,
    looked_at: int | None = None,
    found: int | None = None,
    first: int = 0,
    is_whole: bool = False,
) -> Pool:
    """A pool of variants with the positions from ``first`` on."""
    looked_at = kept if looked_at is None else looked_at
    client = Script(answer(search_view(found=looked_at if found is None else found))).client()
    variants = [_variant(first + position) for position in range(kept)]
    return Pool(client.get_search("any"), looked_at, variants, None, is_whole)


def _variant(position: int) -> Variant:
    return Script(answer(variant_view(position))).client().variant("any")


def drawn_from(pools: list[Pool], number: int, seed: int = 0) -> Counter[int]:
    """How many were drawn from each pool."""
    return Counter({place: len(them) for place, them in draw(pools, number, seed).items()})


def test_the_size_of_a_pool_is_estimated_from_what_was_looked_at() -> None:
    assert pool(30, looked_at=100, found=1000).size == 300
    assert pool(0, looked_at=0, found=0).size == 0


def test_all_are_taken_where_there_are_no_more() -> None:
    drawn = draw([pool(3), pool(0), pool(2, first=3)], 64, seed=0)
    assert [*drawn] == [0, 2]
    assert sorted(v.id for them in drawn.values() for v in them) == [
        _variant(position).id for position in range(5)
    ]
    assert draw([pool(0)], 64, seed=0) == {}


def test_the_same_seed_draws_the_same_and_another_draws_others() -> None:
    pools = [pool(40), pool(60, first=40)]
    ids = [[v.id for them in draw(pools, 10, seed).values() for v in them] for seed in (0, 0, 1)]
    assert ids[0] == ids[1] != ids[2]
    assert len({*ids[0]}) == 10


def test_a_variant_stands_for_those_that_were_not_kept() -> None:
    # Both pools hold 50 variants; the second one's stand for nine times as many.
    pools = [pool(50), pool(50, found=450)]
    total = sum((drawn_from(pools, 10, seed) for seed in range(200)), Counter())
    assert total.total() == 2000
    assert 0.86 < total[1] / total.total() < 0.94


def test_a_sample_of_whole_networks_gets_its_pools_part() -> None:
    pools = [pool(100), pool(20, found=10**9, first=100, is_whole=True)]
    assert drawn_from(pools, 10) == {0: 5, 1: 5}
    assert drawn_from([*pools, pool(1, first=200)], 9)[1] == 3
    assert drawn_from([*pools, pool(0)], 10)[1] == 5


def test_a_sample_of_whole_networks_takes_what_others_leave() -> None:
    assert drawn_from([pool(2), pool(20, first=2, is_whole=True)], 10) == {0: 2, 1: 8}
    assert drawn_from([pool(20), pool(2, first=20, is_whole=True)], 10) == {0: 8, 1: 2}
    assert drawn_from([pool(20, is_whole=True)], 10) == {0: 10}
