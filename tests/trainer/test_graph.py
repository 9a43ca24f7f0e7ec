import gc
import weakref
from collections.abc import Sequence

import pytest
import torch
from hypothesis import given, settings
from torch import Tensor, nn

from solver.network.architecture import Architecture
from solver.network.graph import Links
from tests.trainer.graphs import graphs
from trainer.alone import Alone, at_once
from trainer.dropout import StackedDropout
from trainer.graph import Graph, chain, sparing
from trainer.modules import Add, ChannelNorm, ChannelShuffle, Chunk, Concat, Mul, Scale
from trainer.networks import build
from trainer.stacked import Stacked

pytestmark = pytest.mark.slow  # trains

IMAGES = torch.rand(5, 4, 8, 8, generator=torch.Generator().manual_seed(0))


def generators(count: int = 1) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in range(count)]


def residual(dropout: float = 0.5) -> Graph:
    """A convolution, a block around which its output goes, a pool, and a layer of three outputs."""
    torch.manual_seed(0)
    modules = [
        *(nn.Conv2d(4, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 6, 3, padding=1), nn.ReLU(), nn.Dropout(dropout), Add(), nn.ReLU()),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 3)),
    ]
    links = ((0,), (1,), (2,), (3,), (4,), (5,), (6,), (7, 4), (8,), (9,), (10,), (11,))
    return Graph(modules, links)


def test_a_graph_gives_each_module_what_it_reads() -> None:
    graph = Graph([nn.ReLU(), nn.Tanh(), Add(), Concat()], ((0,), (0,), (1, 2), (3, 1)))

    relu, tanh = IMAGES.relu(), IMAGES.tanh()
    assert torch.equal(graph(IMAGES), torch.cat([relu + tanh, relu], dim=1))


@pytest.mark.slow
def test_a_tensor_is_let_go_of_behind_its_last_reader() -> None:
    made: list[weakref.ref[Tensor]] = []
    alive: list[list[bool]] = []

    class Recorded(nn.Module):
        def forward(self, *inputs: Tensor) -> Tensor:
            gc.collect()
            alive.append([ref() is not None for ref in made])
            value = inputs[0] + 1
            made.append(weakref.ref(value))
            return value

    graph = Graph([Recorded() for _ in range(5)], ((0,), (1,), (2,), (1, 3), (4,)))
    with torch.no_grad():
        graph(IMAGES)

    assert alive == [
        [],
        [True],
        [True, True],
        [True, False, True],
        [False, False, False, True],
    ]


def test_a_module_that_is_there_twice_has_its_weights_once() -> None:
    shared = nn.Conv2d(4, 4, 1)
    graph = Graph([shared, nn.ReLU(), shared], chain(3))

    assert sum(parameter.numel() for parameter in graph.parameters()) == 20
    assert torch.equal(graph(IMAGES), shared(shared(IMAGES).relu()))


@pytest.mark.parametrize("training", [False, True])
def test_a_network_by_itself_gives_the_logits_and_gradients_of_its_graph(training: bool) -> None:
    graph = residual(dropout=0.0).train(training)
    alone = Alone(graph, *generators()).train(training)

    expected, logits = graph(IMAGES), alone(IMAGES)

    assert logits.shape == (1, 5, 3)
    torch.testing.assert_close(logits[0], expected)
    expected.square().sum().backward()
    logits.square().sum().backward()
    for one, other in zip(graph.parameters(), alone.parameters(), strict=True):
        torch.testing.assert_close(other.grad, one.grad)


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@settings(max_examples=50, deadline=None)
@given(architecture=graphs())
def test_nothing_that_is_rearranged_makes_a_difference(architecture: Architecture) -> None:
    plain = build(architecture).eval()
    alone = Alone(plain, *generators()).eval()
    images = torch.randn(3, *architecture.input.shape)

    expected, logits = plain(images), alone(images)

    torch.testing.assert_close(logits[0], expected, equal_nan=True)
    expected.square().sum().backward()
    logits.square().sum().backward()
    for one, other in zip(plain.parameters(), alone.parameters(), strict=True):
        torch.testing.assert_close(other.grad, one.grad, equal_nan=True)


def test_the_pool_of_a_stem_goes_before_its_relu_and_relus_spare_the_copy() -> None:
    modules = list(Alone(residual(), *generators()).network)

    assert [type(module).__name__ for module in modules[:4]] == [
        "Conv2d",
        "BatchNorm2d",
        "MaxPool2d",
        "ReLU",
    ]
    assert all(module.inplace for module in modules if isinstance(module, nn.ReLU))


TAPPED: list[tuple[Sequence[nn.Module], Links]] = [
    ([nn.Conv2d(4, 4, 1), nn.ReLU(), Add()], ((0,), (1,), (1, 2))),
    ([nn.Conv2d(4, 4, 1), nn.ReLU(), nn.MaxPool2d(8), Add()], ((0,), (1,), (2,), (2, 3))),
    ([nn.Conv2d(4, 4, 1), Chunk(2, 0), nn.ReLU(), Concat()], ((0,), (1,), (2,), (1, 3))),
    ([nn.Conv2d(4, 4, 1), nn.Identity(), nn.ReLU(), Concat()], ((0,), (1,), (2,), (1, 3))),
    ([nn.ReLU(), Add()], ((0,), (0, 1))),
    ([nn.AdaptiveAvgPool2d(1), nn.ReLU(), nn.MaxPool2d(2, 1, 1, 2)], chain(3)),
    ([nn.ReLU(), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten()], ((0,), (1,), (2,), (3,))),
]


@pytest.mark.parametrize(("modules", "links"), TAPPED)
def test_a_tensor_with_another_reader_is_neither_overwritten_nor_pooled(
    modules: list[nn.Module], links: Links
) -> None:
    expected = Graph(modules, links)(IMAGES)
    before = IMAGES.clone()

    alone = Alone(Graph(modules, links), *generators())

    torch.testing.assert_close(alone(IMAGES)[0], expected.flatten(1))
    assert torch.equal(IMAGES, before)


def test_a_pool_goes_past_all_that_it_commutes_with_and_no_further() -> None:
    channels = StackedDropout(0.5, generators(), channels=True)
    elements = StackedDropout(0.5, generators(), channels=False)
    modules = [elements, nn.ReLU(), channels, nn.ReLU(), nn.MaxPool2d(2)]

    ordered = sparing(modules, chain(5))

    assert ordered == [elements, modules[4], modules[1], channels, modules[3]]


def test_dropout_of_a_network_by_itself_is_drawn_from_its_own_generator() -> None:
    graph = Graph([nn.Dropout(0.5), nn.Flatten(), nn.Dropout(0.5)], chain(3))
    ones = torch.ones(6, 1, 10, 10)

    first = Alone(graph, torch.Generator().manual_seed(3))(ones)
    torch.manual_seed(8)
    again = Alone(graph, torch.Generator().manual_seed(3))(ones)
    other = Alone(graph, torch.Generator().manual_seed(4))(ones)

    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert set(first.unique().tolist()) == {0.0, 4.0}
    assert 0.15 < (first > 0).double().mean().item() < 0.35


def test_sequences_go_side_by_side_and_all_else_by_itself() -> None:
    class MadeUp(nn.Module):
        pass

    sequence = nn.Sequential(nn.Conv2d(4, 3, 8), nn.Flatten())
    unknown = nn.Sequential(nn.Flatten(), MadeUp())

    assert [type(it) for it in at_once([sequence] * 3, generators(3))] == [Stacked]
    assert [type(it) for it in at_once([residual()] * 3, generators(3))] == [Alone] * 3
    assert [type(it) for it in at_once([unknown] * 2, generators(2))] == [Alone] * 2


def test_the_parts_of_channels_make_up_the_whole() -> None:
    parts = [Chunk(2, index)(IMAGES) for index in range(2)]

    assert torch.equal(torch.cat(parts, dim=1), IMAGES)


def test_joins_stretch_maps_of_one_pixel() -> None:
    gate = torch.rand(5, 4, 1, 1)

    assert torch.equal(Mul()(IMAGES, gate, IMAGES), IMAGES * gate * IMAGES)
    assert torch.equal(Add()(gate, IMAGES), gate + IMAGES)


def test_a_shuffle_is_pytorch_s() -> None:
    assert torch.equal(ChannelShuffle(2)(IMAGES), nn.ChannelShuffle(2)(IMAGES))


@pytest.mark.parametrize("values", [IMAGES, IMAGES[:, :, 0, 0]])
def test_a_layer_norm_is_over_channels(values: Tensor) -> None:
    normed = ChannelNorm(4, eps=1e-5, affine=True)(values)

    spread = ((values - values.mean(1, keepdim=True)) ** 2).mean(1, keepdim=True)
    expected = (values - values.mean(1, keepdim=True)) / (spread + 1e-5).sqrt()
    torch.testing.assert_close(normed, expected)


@pytest.mark.parametrize("values", [IMAGES, IMAGES[:, :, 0, 0]])
def test_a_scale_is_a_factor_a_channel(values: Tensor) -> None:
    scale = Scale(4)
    assert torch.equal(scale(values), values)
    scale.weight.data = torch.tensor([0.0, 1.0, 2.0, 3.0])

    assert torch.equal(scale(values)[:, 2], 2 * values[:, 2])
    assert not scale(values)[:, 0].any()
