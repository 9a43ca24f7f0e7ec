"""What is asked of a study is filled in, and refused where it cannot be carried out."""

from typing import Any

import pytest
from pydantic import ValidationError

from app.errors import RefusedError
from app.experiments.catalogue import DATASETS
from app.schemas.study_terms import Primary
from app.services.planner.lenet import lenet
from app.services.study_terms import plan_hash
from solver.network.architecture import Architecture
from solver.survey.axes import axes_of
from solver.survey.grid import Grid
from tests.studies import request, terms


def faults(**changes: Any) -> dict[str, str]:
    """What is wrong with a study, by place."""
    with pytest.raises(RefusedError) as refused:
        terms(**changes)
    return {fault.pointer: fault.detail for fault in refused.value.faults}


def test_the_first_cell_decides_where_nothing_else_is_said() -> None:
    asked = terms(approaches=["III", "IV"], resolutions=[5, 6], budgets=["flops", "params"])
    assert asked.primary == Primary(
        approach="III", resolution=5, budget="flops", contrast="true_minus_upsampled"
    )
    assert terms(controls=[]).primary == Primary(
        approach="IV", resolution=6, budget="params", contrast="mean_variant"
    )


def test_a_study_without_approaches_decides_nothing_and_has_no_controls() -> None:
    asked = terms(approaches=[], resolutions=[6, 8])
    assert (asked.primary, asked.controls) == (None, ())


def test_what_was_left_out_is_filled_in() -> None:
    asked = terms()
    assert asked.architecture == lenet(DATASETS["digits"])
    assert asked.dataset_version == DATASETS["digits"].version
    assert asked.recipe.epochs == 1
    assert asked.ranges.kernel_size == (3, 8)
    assert asked.ranges.resolution is None, "it depends on the original"


def test_the_papers_network_is_valid_at_any_resolution() -> None:
    for name, dataset in DATASETS.items():
        network = lenet(dataset)
        grid = Grid(network, {"resolution": range(1, 1 + dataset.resolution)})
        assert [grid.fault(number) for number in range(grid.size)] == [None] * grid.size, name


def test_the_hash_of_a_plan_holds_all_that_was_asked_and_no_names() -> None:
    network = lenet(DATASETS["digits"])
    named = Architecture.model_validate({**network.model_dump(exclude_none=True), "name": "other"})
    same = (
        terms(),
        terms(architecture=named),
        terms(grid={"kernel_size": [3, 2], "out_channels": [12]}),
        terms(priority=5),
    )
    assert len({plan_hash(it) for it in same}) == 1
    others = (
        terms(seed=1),
        terms(seeds=3),
        terms(epochs=2),
        terms(variants=3),
        terms(controls=["upsampled"]),
        terms(grid={"kernel_size": [2, 4]}),
        terms(ranges={"padding": [0, 5]}),
        terms(tolerance=0.01),
    )
    assert len({plan_hash(it) for it in (*same, *others)}) == 1 + len(others)


def test_a_number_in_place_of_a_list_is_refused_with_the_list_that_is_meant() -> None:
    with pytest.raises(ValidationError, match=r"write \[6\]"):
        request(resolutions=6)


def test_all_faults_are_told_at_once_each_with_its_place() -> None:
    told = faults(
        resolutions=[6, 8, 6, 9],
        budgets=["params", "params"],
        grid={"kernel_size": [2, 2], "blubber": [1], "resolution": [5], "stride": [0]},
        primary={"approach": "I", "resolution": 7},
        controls=["retrained"],
    )
    assert told.keys() == {
        "#/resolutions/1",
        "#/resolutions/2",
        "#/resolutions/3",
        "#/budgets/1",
        "#/grid/kernel_size/1",
        "#/grid/blubber",
        "#/grid/resolution",
        "#/grid/stride",
        "#/primary/approach",
        "#/primary/resolution",
        "#/primary/contrast",
    }
    assert "digits has 8 px" in told["#/resolutions/1"]
    assert "images are never enlarged" in told["#/resolutions/3"]
    assert "write one of out_channels, kernel_size" in told["#/grid/blubber"]


def test_a_study_takes_no_warm_start() -> None:
    told = faults(recipe={"warm_start": True})
    assert list(told) == ["#/recipe/warm_start"]
    assert "trained equally long" in told["#/recipe/warm_start"]
    assert not terms(recipe={"warm_start": False}).recipe.warm_start


def test_a_study_without_approaches_has_no_primary_cell() -> None:
    told = faults(approaches=[], primary={"approach": "IV", "resolution": 6})
    assert "no cells" in told["#/primary"]


def test_the_selected_variant_cannot_decide_with_one_seed() -> None:
    selected = {"approach": "IV", "resolution": 6, "contrast": "selected"}
    told = faults(seeds=1, primary=selected)
    assert "it needs two seeds" in told["#/primary/contrast"]
    assert terms(seeds=2, primary=selected).seeds == 2


def test_at_the_native_resolution_only_the_originals_can_be_trained() -> None:
    assert terms(approaches=[], resolutions=[8]).resolutions == (8,)
    assert "no variant can be above 8 px" in faults(resolutions=[8])["#/resolutions/0"]


def test_a_network_that_does_not_fit_the_data_set_is_refused() -> None:
    network = lenet(DATASETS["cifar10"])
    told = faults(architecture=network.model_dump(exclude_none=True))
    assert "channels" in told["#/architecture"]


def test_an_approach_that_does_not_fit_the_network_is_refused() -> None:
    one = {
        "input": {"channels": 1, "resolution": 6},
        "layers": [
            {"type": "conv2d", "out_channels": 4, "kernel_size": 3},
            {"type": "flatten"},
            {"type": "linear", "out_features": 10},
        ],
    }
    told = faults(architecture=one, approaches=["I", "IV"])
    assert "first two convolutions" in told["#/approaches/1"]


def test_a_grid_without_a_valid_network_is_refused() -> None:
    told = faults(grid={"kernel_size": [9]})
    assert "no network of the grid is valid at 6 px" in told["#/resolutions/0"]


def test_networks_are_looked_at_up_to_the_first_resolution_that_has_no_valid_one() -> None:
    told = faults(grid={"kernel_size": [9]}, resolutions=[5, 6])
    assert told.keys() == {"#/resolutions/0"}


def test_a_study_has_a_largest_size() -> None:
    many = list(range(1, 400))
    assert "159,201 networks" in faults(grid={"out_channels": many})["#/grid"]
    told = faults(grid={"out_channels": many[:100]}, originals="all", variants=100)
    assert "runs exceed" in told["#/originals"]


def test_members_of_the_grid_keep_the_rest_of_the_network() -> None:
    network = lenet(DATASETS["digits"])
    grid = Grid(network, {"resolution": (6,), **axes_of(network, {"kernel_size": (2, 3)})})
    assert grid.size == 4
    assert grid.member(0).layers[6] == network.layers[6]
