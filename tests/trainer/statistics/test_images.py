import numpy as np
import pytest

from trainer.statistics.images import NONE, Profile, image_noise, profile


def runs_of(*rows: list[int]) -> list[tuple[bytes, float]]:
    return [(np.packbits(row).tobytes(), float(np.mean(row))) for row in rows]


def test_a_profile_is_read_from_the_stored_bits_whatever_their_number() -> None:
    found = profile(runs_of([1, 0, 1, 1, 1, 0, 0, 1, 1, 0, 1], [1, 0, 0, 1, 1, 0, 0, 1, 1, 1, 1]))

    assert found is not None
    assert found.mean_I.tolist() == [1, 0, 0.5, 1, 1, 0, 0, 1, 1, 0.5, 1]
    assert found.noise == pytest.approx(2 / 11 * 0.5 / 2)


@pytest.mark.parametrize(
    "runs",
    [
        [(b"", 0.5), (b"", 0.5)],
        [(b"\x00", 0.0), (b"\x00", 0.0)],
        [(b"\xf0", 0.5), (b"\xf0\x00", 0.25)],
        [(b"\xf0", 0.01), (b"\xf0", 0.01)],
    ],
)
def test_bits_that_do_not_fit_the_accuracy_are_no_profile(runs: list[tuple[bytes, float]]) -> None:
    assert profile(runs) is None


def test_networks_that_agree_on_every_image_bring_no_noise() -> None:
    same = profile(runs_of([1, 1, 0, 1], [1, 0, 0, 1]))

    assert image_noise([same], same, are_drawn=False).variance == 0


def test_without_seed_noise_it_is_the_paired_variance_of_the_mean() -> None:
    rng = np.random.default_rng(0)
    ours, theirs = (rng.integers(2, size=200).astype(float) for _ in range(2))
    expected = np.var(ours - theirs, ddof=1) / 200

    found = image_noise([Profile(ours, 0.0)], Profile(theirs, 0.0), are_drawn=False)

    assert found.variance == pytest.approx(expected)
    assert found.degrees == 199


def test_what_the_seeds_explain_is_not_counted_twice() -> None:
    """Runs that guess: all noise is the seeds', and other images would bring none of their own."""
    rng = np.random.default_rng(1)
    ours, theirs = (
        profile(runs_of(*(rng.integers(2, size=4000).tolist() for _ in range(8)))) for _ in range(2)
    )

    assert image_noise([ours], theirs, are_drawn=False).variance < 0.05 * (0.25 + 0.25) / 8 / 4000


def test_drawn_variants_that_differ_by_image_are_not_counted_twice() -> None:
    rng = np.random.default_rng(2)
    original = Profile(np.full(4000, 0.5), 0.0)
    variants = [Profile(rng.integers(2, size=4000).astype(float), 0.0) for _ in range(6)]

    drawn = image_noise(variants, original, are_drawn=True).variance
    fixed = image_noise(variants, original, are_drawn=False).variance

    assert drawn < 0.05 * fixed


def test_an_unknown_network_leaves_the_part_out() -> None:
    known = Profile(np.full(4, 0.5), 0.0)

    assert image_noise([known, None], known, are_drawn=False) == NONE
    assert image_noise([known], None, are_drawn=False) == NONE
    assert image_noise([Profile(np.full(5, 0.5), 0.0)], known, are_drawn=False) == NONE
