from app.experiments.halving import Halving
from app.schemas.requests import HalvingSelection, NamedSelection, RandomSelection
from tests.factories import asked


def test_a_job_halves_if_it_says_so() -> None:
    chosen = HalvingSelection(select="halving", count=64, eta=4, min_epochs=1, seed=0)

    assert asked("s", variants=chosen, epochs=10).terms.halving == Halving(4, 1, 10)
    assert asked("s", variants=NamedSelection(ids=["a-0"])).terms.halving is None
    assert asked("s", variants=RandomSelection(select="random")).terms.halving is None
