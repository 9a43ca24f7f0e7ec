import pytest
import torch
from hypothesis import given, settings
from torch import nn

from solver.network.architecture import Architecture
from solver.network.counting import count, shapes
from tests.strategies import architectures
from tests.trainer.factories import architecture
from trainer.networks import CountMismatch, build, check_counts, counts_of


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(architecture=architectures())
def test_what_is_counted_is_what_the_built_network_measures(architecture: Architecture) -> None:
    counts = count(architecture)

    measured = counts_of(build(architecture), architecture)

    assert measured == (counts.params, counts.macs)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(architecture=architectures())
def test_every_layer_gives_the_shape_that_was_counted_with(architecture: Architecture) -> None:
    sizes = shapes(architecture)
    values = torch.zeros(2, *sizes[0])
    network = build(architecture).eval()

    for module, shape in zip(network, sizes[1:], strict=True):
        values = module(values)
        assert values.shape == (2, *shape)


def test_layers_may_be_named_like_attributes_of_a_module() -> None:
    named = architecture(
        [
            {"type": "conv2d", "out_channels": 2, "kernel_size": 3, "name": "forward"},
            {"type": "flatten", "name": "keys"},
            {"type": "linear", "out_features": 10, "name": "train"},
        ]
    )

    assert build(named)(torch.zeros(3, 1, 8, 8)).shape == (3, 10)


def test_layers_keep_what_their_architecture_says() -> None:
    network = build(
        architecture(
            [
                {
                    "type": "conv2d",
                    "out_channels": 4,
                    "kernel_size": 3,
                    "stride": 2,
                    "padding": 2,
                    "dilation": 2,
                    "groups": 2,
                    "bias": False,
                },
                {"type": "max_pool2d", "kernel_size": 2},
                {"type": "avg_pool2d", "kernel_size": 2, "stride": 1, "padding": 1},
                {"type": "dropout2d", "p": 0.25},
                {"type": "flatten"},
                {"type": "linear", "out_features": 3, "bias": False},
            ],
            channels=2,
        )
    )

    assert [str(module) for module in network][:4] == [
        "Conv2d(2, 4, kernel_size=(3, 3), stride=(2, 2), padding=(2, 2), dilation=(2, 2), "
        "groups=2, bias=False)",
        "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)",
        "AvgPool2d(kernel_size=2, stride=1, padding=1)",
        "Dropout2d(p=0.25, inplace=False)",
    ]


def test_counting_leaves_the_network_as_it_was() -> None:
    network = build(architecture()).train()
    weights = {name: value.clone() for name, value in network.state_dict().items()}

    counts_of(network, architecture())

    assert network.training
    assert all(torch.equal(value, weights[name]) for name, value in network.state_dict().items())


def test_counting_needs_no_memory_for_weights() -> None:
    large = architecture([{"type": "flatten"}, {"type": "linear", "out_features": 10_000_000}], 512)
    with torch.device("meta"):
        network = build(large)

    check_counts(network, large, count(large))


def test_a_network_that_costs_what_was_counted_passes() -> None:
    check_counts(build(architecture()), architecture(), count(architecture()))


@pytest.mark.parametrize("field", ["params", "macs"])
def test_a_count_that_is_off_by_one_is_refused(field: str) -> None:
    counts = count(architecture())
    wrong = counts.model_copy(update={field: getattr(counts, field) + 1})

    with pytest.raises(
        CountMismatch, match=f"{counts.params:,} parameters and {counts.macs:,} mul"
    ):
        check_counts(build(architecture()), architecture(), wrong)


def test_a_network_with_other_weights_is_refused() -> None:
    network = build(architecture())
    network[5] = nn.Linear(144, 10, bias=False)

    with pytest.raises(CountMismatch):
        check_counts(network, architecture(), count(architecture()))
