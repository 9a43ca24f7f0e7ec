from typing import Any

from app.db.needs import Training, starting_from
from app.experiments.recipes import Recipe

TRAINING = Training("digits", "1", 100, Recipe(epochs=2))


def runs(**changes: Any) -> list[dict[str, Any]]:
    """Two runs of one network."""
    usual = {"architecture_id": "a", "resolution": 6, "detail": None, "seeds": range(2)}
    return TRAINING.runs(**{**usual, **changes})


def ids(**changes: Any) -> list[str]:
    return [run["id"] for run in runs(**changes)]


def test_runs_keep_the_ids_that_earlier_versions_gave() -> None:
    assert ids() == ["3552191ea1ef3ef1a87aefa09d724b6c", "62cc50fc9bf86aeacf7e66d356b3e797"]
    assert ids(architecture_id="b", resolution=8, detail=6) == [
        "66414b9db18fefa0da8cea16205e9ea0",
        "3d681eb6a71e85174ae7ab8094c90564",
    ]


def test_a_run_has_the_same_id_whichever_other_seeds_are_asked_for() -> None:
    assert ids(seeds=[1, 2])[0] == ids()[1]


def test_runs_of_one_network_share_a_stack_and_those_of_a_control_have_their_own() -> None:
    stacks = [run["stack"] for run in (*runs(), *runs(detail=4))]

    assert stacks[0] == stacks[1] != stacks[2] == stacks[3]


def test_runs_that_start_from_an_original_s_are_others_and_name_it_seed_by_seed() -> None:
    originals, others = runs(), runs(architecture_id="another original")

    warm = starting_from(originals, runs(architecture_id="b"))

    assert [run["starts_from"] for run in warm] == [run["id"] for run in originals]
    assert [run["seed"] for run in warm] == [0, 1]
    assert warm[0]["stack"] == warm[1]["stack"]
    cold = runs(architecture_id="b")
    elsewhere = starting_from(others, cold)
    assert len({run["id"] for run in (*warm, *cold, *elsewhere)}) == 6
    assert {run["starts_from"] for run in cold} == {None}
