import pytest

from app.db.engine import Database
from app.db.errors import NotFoundError
from app.services import networks
from app.services.networks import Accuracy
from tests.factories import original, queued_job, solved_search, trained


def test_a_network_is_an_architecture_or_a_variant(database: Database) -> None:
    search = database.transact(lambda session: solved_search(session, limit=20).id)

    first, variant = networks.several(database, [original().id, f"{search}-2"])

    assert (first.path, first.name) == (f"/networks/{original().id}", "digits-5px")
    assert first.origin is None
    assert variant.path == f"/variants/{search}-2"
    assert variant.name == "Variant 2 of digits-5px"
    assert variant.variant
    assert variant.view.counts.params == variant.variant.counts.params
    assert variant.origin
    assert variant.origin.original == original()


@pytest.mark.parametrize("id_", ["none", "none-0"])
def test_a_network_that_is_not_there_is_not_found(database: Database, id_: str) -> None:
    with pytest.raises(NotFoundError):
        networks.several(database, [id_])


def test_accuracies_are_those_of_runs_that_differ_in_the_seed_only(database: Database) -> None:
    queued_job(database, seeds=2)
    trained(database, 0.5, 0.6)
    queued_job(database, seeds=1, epochs=3)
    trained(database, 0.8)

    found = networks.accuracies_of(database, [original().id])

    assert {(way.dataset, way.recipe, way.epochs) for way in found} == {
        ("digits", "paper", 2),
        ("digits", "paper", 3),
    }
    by_epochs = {way.epochs: by_id[original().id] for way, by_id in found.items()}
    assert by_epochs[2] == pytest.approx((0.55, 0.005**0.5, 2))
    assert by_epochs[3] == Accuracy(0.8, None, 1)


def test_a_network_that_was_not_trained_has_no_accuracy(database: Database) -> None:
    queued_job(database)

    assert networks.accuracies_of(database, [original().id]) == {}
    assert networks.accuracies_of(database, []) == {}
