import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from app.experiments.recipes import Recipe


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


def test_the_hash_of_the_paper_recipe_never_changes() -> None:
    assert Recipe().hash == "74895eed8a10c0956118d1dd29214307"


@pytest.mark.parametrize(
    ("overrides", "place"),
    [
        ({"momentum": 0.9}, "momentum"),
        ({"epochs": 0}, "epochs"),
        ({"epochs": 2.5}, "epochs"),
        ({"batch_size": -1}, "batch_size"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"rho": float("nan")}, "rho"),
        ({"rho": 1.5}, "rho"),
        ({"eps": 0.0}, "eps"),
        ({"weight_decay": -1.0}, "weight_decay"),
        ({"optimizer": "sgd"}, "optimizer"),
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
    assert Recipe.model_validate(fast.model_dump(mode="json")) == fast


def test_another_optimizer_brings_its_own_settings() -> None:
    adamw = Recipe.model_validate({"optimizer": "adamw"})

    assert (adamw.learning_rate, adamw.beta2, adamw.rho) == (1e-3, 0.999, None)


@pytest.mark.parametrize(
    ("overrides", "text"),
    [
        ({"beta1": 0.9}, "'beta1' does not belong to the optimizer 'adadelta'"),
        ({"name": "fast", "rho": 0.9}, "'rho' does not belong to the optimizer 'adamw'"),
        ({"rho": None}, "the optimizer 'adadelta' needs a 'rho'"),
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
