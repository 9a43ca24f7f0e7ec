import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from app.catalogue import Recipe


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
    ],
)
def test_a_bad_override_is_refused_in_its_place(overrides: dict[str, Any], place: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Recipe.model_validate(overrides)

    assert [error["loc"] for error in refused.value.errors()] == [(place,)]


def test_recipes_and_statistics_need_no_torch() -> None:
    code = "import sys, app.catalogue, trainer.statistics; sys.exit('torch' in sys.modules)"

    subprocess.run([sys.executable, "-c", code], check=True)
