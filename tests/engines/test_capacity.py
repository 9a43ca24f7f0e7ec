import pytest

from trainer.engines.capacity import Ask, largest


@pytest.mark.parametrize(
    ("cpus", "gpus", "node", "places"),
    [
        (1, 0, {"CPU": 4.0}, 4),
        (1, 0, {}, 0),
        (1, 0.25, {"CPU": 16.0, "GPU": 1.0}, 4),
        (1, 0.25, {"CPU": 3.0, "GPU": 1.0}, 3),
        (1, 0.25, {"CPU": 16.0}, 0),
        (0, 0.1, {"GPU": 0.0, "CPU": 8.0}, 0),
        (0, 0.1, {"GPU": 1.0}, 10),
        (0.1, 0, {"CPU": 0.7}, 7),
        (0.3, 0, {"CPU": 1.0}, 3),
        (2, 0, {"CPU": 5.0}, 2),
        (1, 2, {"CPU": 16.0, "GPU": 5.0}, 2),
    ],
)
def test_a_node_holds_so_many_tasks(
    cpus: float, gpus: float, node: dict[str, float], places: int
) -> None:
    assert Ask(cpus, gpus).places(node) == places


def test_no_task_gets_parts_of_two_gpus() -> None:
    assert Ask(1, 0.4).places({"CPU": 16.0, "GPU": 2.0}) == 4  # two on each, not five


def test_what_is_left_holds_no_more_than_it_has() -> None:
    assert Ask(1, 0.25).fits({"CPU": 7.0, "GPU": 0.5}) == 2
    assert Ask(1, 0).fits({}) == 0


@pytest.mark.parametrize(("cpus", "gpus"), [(0, 0), (-1, 0), (1, -0.5), (1, 1.5), (0.00001, 0)])
def test_what_no_task_can_take_is_refused(cpus: float, gpus: float) -> None:
    with pytest.raises(ValueError, match="a task takes"):
        Ask(cpus, gpus)


def test_the_largest_node_is_named_in_words() -> None:
    assert largest([{"CPU": 64.0}, {"CPU": 8.0, "GPU": 2.0}]) == "8 CPUs and 2 GPUs"
    assert largest([]) == "0 CPUs and 0 GPUs"
