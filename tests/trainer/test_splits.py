import itertools

import pytest
import torch

from trainer.splits import batch_sizes, held_out, subset, validation_size

LABELS = torch.arange(1_000) % 7 % 4


def test_what_is_held_out_is_the_same_each_time_and_no_part_of_the_rest() -> None:
    kept, held = held_out(LABELS, 100)
    again, _ = held_out(LABELS, 100)

    assert torch.equal(kept, again)
    assert sorted([*kept.tolist(), *held.tolist()]) == list(range(1_000))
    assert len(held) == 100


def test_a_tenth_validates_but_no_more_than_five_thousand() -> None:
    assert (validation_size(1_295), validation_size(60_000)) == (129, 5_000)


@pytest.mark.parametrize("number", [1, 4, 5, 99, 500, 999, 1_000])
def test_every_class_has_its_share_of_a_subset(number: int) -> None:
    chosen = subset(LABELS, number)

    shares = torch.bincount(LABELS[chosen], minlength=4) - torch.bincount(LABELS) * number / 1_000
    assert len(set(chosen.tolist())) == number
    assert shares.abs().max() <= 1


def test_a_subset_is_a_part_of_every_larger_one() -> None:
    parts = [set(subset(LABELS, number).tolist()) for number in range(1, 1_001, 37)]

    assert all(one < other for one, other in itertools.pairwise(parts))


def test_splits_never_change() -> None:
    """Recorded runs were trained on them: where this fails, ``SPLIT_VERSION`` must go up."""
    assert held_out(LABELS[:30], 6)[1].tolist() == [18, 19, 0, 3, 23, 8]
    assert subset(LABELS[:30], 8).tolist() == [4, 5, 7, 9, 12, 17, 20, 25]


@pytest.mark.parametrize(
    ("images", "batch_size", "sizes"),
    [
        (101, 100, [101]),
        (201, 100, [100, 101]),
        (100, 100, [100]),
        (102, 100, [100, 2]),
        (99, 100, [99]),
        (5, 2, [2, 3]),
        (3, 1, [1, 1, 1]),
        (1, 100, [1]),
    ],
)
def test_a_single_image_that_is_left_over_joins_the_batch_before_it(
    images: int, batch_size: int, sizes: list[int]
) -> None:
    assert batch_sizes(images, batch_size) == sizes
