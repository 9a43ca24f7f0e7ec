import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from app.experiments.recipes import NAMED, Recipe


def test_the_paper_recipe_is_the_protocol_s() -> None:
    paper = Recipe()

    assert (paper.batch_size, paper.optimizer, paper.epochs) == (100, "adadelta", 10)
    assert (paper.learning_rate, paper.rho, paper.eps, paper.weight_decay) == (1.0, 0.9, 1e-6, 0.0)


def test_overrides_replace_values_and_leave_the_recipe_itself_alone() -> None:
    assert Recipe.model_validate({"epochs": 3}).epochs == 3
    assert Recipe().epochs == 10


def test_the_hash_is_that_of_the_content() -> None:
    assert Recipe.model_validate({"epochs": 10}).hash == Recipe().hash
    assert Recipe.model_validate({"learning_rate": 1}).hash == Recipe().hash
    assert Recipe.model_validate({"epochs": 3}).hash != Recipe().hash


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("paper", "74895eed8a10c0956118d1dd29214307"),
        ("fast", "7581ed6f81d83a44d007f9775ad27fcb"),
        ("sgd", "8b1372a3f25fdb270908387b3ac40e19"),
        ("adam", "f5793666aa22d7a65dcd6fef59e10a84"),
    ],
)
def test_the_hash_of_a_named_recipe_never_changes(name: str, expected: str) -> None:
    assert Recipe.model_validate({"name": name}).hash == expected


def test_a_warm_start_is_another_recipe_and_that_of_its_originals_is_the_same() -> None:
    warm = Recipe.model_validate({"warm_start": True})

    assert warm.hash != Recipe().hash
    assert warm.cold == Recipe().cold == Recipe()


@pytest.mark.parametrize(
    ("overrides", "place"),
    [
        ({"dampening": 0.9}, "dampening"),
        ({"momentum": 1.0}, "momentum"),
        ({"nesterov": 1}, "nesterov"),
        ({"warm_start": 1}, "warm_start"),
        ({"epochs": 0}, "epochs"),
        ({"epochs": 2.5}, "epochs"),
        ({"batch_size": -1}, "batch_size"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"rho": float("nan")}, "rho"),
        ({"rho": 1.5}, "rho"),
        ({"eps": 0.0}, "eps"),
        ({"weight_decay": -1.0}, "weight_decay"),
        ({"optimizer": "rmsprop"}, "optimizer"),
        ({"name": "mine"}, "name"),
        ({"version": 2}, "version"),
        ({"schedule": "cosine"}, "schedule"),
        ({"optimizer": ["adamw"]}, "optimizer"),
        ({"name": ["fast"]}, "name"),
    ],
)
def test_a_bad_override_is_refused_in_its_place(overrides: dict[str, Any], place: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Recipe.model_validate(overrides)

    assert [error["loc"] for error in refused.value.errors()] == [(place,)]


def test_a_recipe_is_filled_in_from_its_name() -> None:
    fast = Recipe.model_validate({"name": "fast"})

    assert (fast.optimizer, fast.schedule, fast.beta1) == ("adamw", "one_cycle", 0.9)
    assert Recipe.model_validate({"name": "fast", "epochs": 9}).learning_rate == fast.learning_rate


@pytest.mark.parametrize("name", NAMED)
def test_a_recipe_that_is_written_in_full_stays_the_same(name: str) -> None:
    recipe = Recipe.model_validate({"name": name})

    assert Recipe.model_validate(recipe.model_dump(mode="json")) == recipe


def test_another_optimizer_brings_its_own_settings() -> None:
    adamw = Recipe.model_validate({"optimizer": "adamw"})

    assert (adamw.learning_rate, adamw.beta2, adamw.rho) == (1e-3, 0.999, None)


def test_sgd_is_plain_unless_more_is_asked_for() -> None:
    plain = Recipe.model_validate({"optimizer": "sgd"})

    assert (plain.learning_rate, plain.momentum, plain.nesterov) == (1e-3, 0.0, False)
    assert plain.eps is None


@pytest.mark.parametrize(
    ("overrides", "text"),
    [
        ({"beta1": 0.9}, "'beta1' does not belong to the optimizer 'adadelta'"),
        ({"name": "fast", "rho": 0.9}, "'rho' does not belong to the optimizer 'adamw'"),
        ({"rho": None}, "the optimizer 'adadelta' needs 'rho'"),
        ({"eps": None}, "the optimizer 'adadelta' needs 'eps'"),
        ({"momentum": 0.9}, "'momentum' does not belong to the optimizer 'adadelta'"),
        ({"name": "adam", "nesterov": True}, "'nesterov' does not belong to the optimizer 'adam'"),
        ({"name": "sgd", "eps": 1e-8}, "'eps' does not belong to the optimizer 'sgd'"),
        ({"name": "sgd", "momentum": 0.0}, "'nesterov' needs a 'momentum' above 0"),
    ],
)
def test_settings_of_another_optimizer_are_refused(overrides: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        Recipe.model_validate(overrides)


@pytest.mark.slow
def test_recipes_and_statistics_need_no_torch() -> None:
    modules = "app.experiments.recipes, trainer.statistics.job"
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules)"

    subprocess.run([sys.executable, "-c", code], check=True)
