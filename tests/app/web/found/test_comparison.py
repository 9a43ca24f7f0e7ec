from app.web.found.comparison import Comparison, compared
from solver.network.architecture import Architecture
from solver.network.counting import count
from tests.factories import original


def with_pool() -> Architecture:
    """The original with a larger first kernel, and a pool behind it."""
    document = original().model_dump(mode="json", exclude_none=True)
    document["input"]["resolution"] = 8
    conv1, *others = document["layers"]
    conv1 |= {"kernel_size": 5, "out_channels": 8}
    pool = {"name": "pool1", "type": "max_pool2d", "kernel_size": 2, "stride": 1}
    return Architecture.model_validate({**document, "layers": [conv1, pool, *others]})


def comparison(*, count_pooling: bool = True) -> Comparison:
    return compared(original(), with_pool(), count_pooling=count_pooling)


def test_changed_fields_are_told_in_words() -> None:
    conv1 = comparison().lines[0]

    assert conv1.is_changed
    assert [*conv1.changes] == ["kernel_size 3 → 5", "out_channels 16 → 8"]
    assert conv1.params == 8 * 25 - 16 * 9


def test_a_layer_that_only_the_variant_has_is_new() -> None:
    pool = comparison().lines[1]

    assert (pool.name, pool.original, pool.is_changed) == ("pool1", None, True)
    assert "kernel_size 2" in pool.changes


def test_differences_of_layers_add_up_to_those_of_the_networks() -> None:
    for pooling in (True, False):
        lines = comparison(count_pooling=pooling).lines
        before = count(original(), count_pooling=pooling)
        after = count(with_pool(), count_pooling=pooling)

        assert sum(line.params for line in lines) == after.params - before.params
        assert sum(line.flops for line in lines) == after.flops - before.flops


def test_bars_are_measured_against_the_largest_change() -> None:
    found = comparison()

    assert found.most_params == max(abs(line.params) for line in found.lines)


def test_nothing_is_marked_between_equal_networks() -> None:
    found = compared(original(), original(), count_pooling=True)

    assert not any(line.is_changed for line in found.lines)
    assert (found.most_params, found.most_flops) == (1, 1)
