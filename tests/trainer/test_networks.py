import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from solver.network.architecture import Architecture
from solver.network.counting import count, shapes
from solver.network.layers import LAYERS
from tests.strategies import architectures
from tests.trainer.factories import architecture
from tests.trainer.graphs import graphs
from trainer.networks import BUILDERS, CountMismatch, build, check_counts, counts_of


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Using padding='same'")
@settings(max_examples=200, deadline=None)
@given(architecture=st.one_of(architectures(), graphs()))
def test_what_is_counted_is_what_the_built_network_measures(architecture: Architecture) -> None:
    counts = count(architecture)

    measured = counts_of(build(architecture), architecture)

    assert measured == (counts.params, counts.macs)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Using padding='same'")
@settings(max_examples=200, deadline=None)
@given(architecture=st.one_of(architectures(), graphs()))
def test_every_layer_gives_the_shape_that_was_counted_with(architecture: Architecture) -> None:
    sizes = shapes(architecture)
    network = build(architecture).eval()
    values = [torch.rand(2, *sizes[0])]

    for module, read in zip(network, architecture.links, strict=True):
        values.append(module(*(values[tensor] for tensor in read)))

    assert [tuple(value.shape[1:]) for value in values] == sizes
    torch.testing.assert_close(network(values[0]), values[-1], equal_nan=True)


def test_every_layer_type_can_be_built() -> None:
    assert set(BUILDERS) == set(LAYERS.values())


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
