import pytest

from app.experiments.halving import Halving


def rungs(plan: Halving, variants: int) -> list[tuple[int, int]]:
    """Epochs and variants of each rung, if none fails."""
    epochs, tried = plan.first(variants), variants
    found = [(epochs, tried)]
    while epochs < plan.epochs:
        tried = plan.keeps(tried, epochs)
        epochs = plan.following(epochs, tried)
        found.append((epochs, tried))
    return found


@pytest.mark.parametrize(
    ("plan", "variants", "expected"),
    [
        (Halving(eta=4, min_epochs=1, epochs=10), 64, [(1, 64), (4, 16), (10, 4)]),
        (Halving(eta=4, min_epochs=1, epochs=3), 64, [(1, 64), (3, 16)]),
        (Halving(eta=2, min_epochs=1, epochs=100), 5, [(1, 5), (2, 3), (4, 2), (100, 1)]),
        (Halving(eta=4, min_epochs=1, epochs=64), 64, [(1, 64), (4, 16), (16, 4), (64, 1)]),
        (Halving(eta=16, min_epochs=2, epochs=10), 2, [(2, 2), (10, 1)]),
        (Halving(eta=4, min_epochs=3, epochs=3), 64, [(3, 64)]),
        (Halving(eta=4, min_epochs=1, epochs=1), 64, [(1, 64)]),
        (Halving(eta=4, min_epochs=1, epochs=10), 1, [(10, 1)]),
    ],
)
def test_the_best_go_on_until_the_recipe_ends_or_one_is_left(
    plan: Halving, variants: int, expected: list[tuple[int, int]]
) -> None:
    assert rungs(plan, variants) == expected


@pytest.mark.parametrize("variants", [1, 2, 3, 17, 64, 256])
@pytest.mark.parametrize("eta", [2, 3, 4, 16])
@pytest.mark.parametrize("epochs", [1, 2, 10, 100])
def test_what_is_planned_is_what_the_rungs_train(variants: int, eta: int, epochs: int) -> None:
    plan = Halving(eta, 1, epochs)
    (first, *_), before = rungs(plan, variants), 0
    trained = 0
    for until, tried in rungs(plan, variants):
        trained += tried * (until - before)
        before = until

    assert plan.total(variants) == trained
    assert first == (plan.first(variants), variants)
    assert plan.total(variants) <= variants * epochs
